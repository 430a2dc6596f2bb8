import { describe, expect, test } from "bun:test";
import { twoTries } from "../../../../bench/method/tries.ts";

describe("a run that may be tried twice", () => {
  test("counts at its first try, and nothing is said", async () => {
    const said: string[] = [];
    expect(
      await twoTries(
        "volt",
        async () => 7,
        (line) => said.push(line),
      ),
    ).toBe(7);
    expect(said).toEqual([]);
  });

  test("counts at its second, and the first is told of in a line that says whose it was", async () => {
    const said: string[] = [];
    let tries = 0;
    const run = async (): Promise<number> => {
      if (tries++ === 0) throw new Error("the guest did not end: begin send\nmore");
      return tries;
    };
    expect(await twoTries("qemu vhost", run, (line) => said.push(line))).toBe(2);
    expect(said).toEqual(["bench: qemu vhost, tried again: the guest did not end: begin send / more"]);
  });

  test("fails when both do, and the error says whose it was", async () => {
    const run = () => Promise.reject(new Error("no end"));
    await expect(twoTries("volt plain", run, () => {})).rejects.toThrow("volt plain, twice: no end");
  });
});
