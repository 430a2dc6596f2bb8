import { describe, expect, test } from "bun:test";
import { jobMarks, readResults } from "../../../../bench/guests/measuring.ts";

describe("a measuring guest's results", () => {
  test("are read from between whatever else is on its console", () => {
    const output = "volt: info: x\r\nresult rr1 1000 2000000000\r\nnoise\r\nresult sw 5 500000000\r\ndone\r\n";
    expect(jobMarks(["rr1", "sw"])).toEqual(["begin rr1\r", "result rr1 ", "begin sw\r", "result sw "]);
    expect(readResults({ output, cpuAtMarks: [100, 350, 400, 1400] }, ["rr1", "sw"])).toEqual([
      { name: "rr1", count: 1000, seconds: 2, cpuSeconds: 0.25 },
      { name: "sw", count: 5, seconds: 0.5, cpuSeconds: 1 },
    ]);
  });

  test("are an error when it failed, or did not get to its end", () => {
    const read = (output: string) => readResults({ output, cpuAtMarks: [] }, ["a"]);
    expect(() => read("result a 1 1\r\nfailed: /dev/vda: No such file or directory\r\n")).toThrow(
      "the measuring guest failed: /dev/vda",
    );
    expect(() => read("result a 1 1\r\n")).toThrow("did not end");
  });
});
