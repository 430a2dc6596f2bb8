import { describe, expect, test } from "bun:test";
import { readResults } from "../../../../bench/guests/measuring.ts";

describe("a measuring guest's results", () => {
  test("are read from between whatever else is on its console", () => {
    const console = "volt: info: x\r\nresult rr1 1000 2000000000\r\nnoise\r\nresult sw 5 500000000\r\ndone\r\n";
    expect(readResults(console)).toEqual([
      { name: "rr1", count: 1000, seconds: 2 },
      { name: "sw", count: 5, seconds: 0.5 },
    ]);
  });

  test("are an error when it failed, or did not get to its end", () => {
    expect(() => readResults("result a 1 1\r\nfailed: /dev/vda: No such file or directory\r\n")).toThrow(
      "the measuring guest failed: /dev/vda",
    );
    expect(() => readResults("result a 1 1\r\n")).toThrow("did not end");
  });
});
