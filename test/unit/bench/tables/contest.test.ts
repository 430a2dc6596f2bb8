import { describe, expect, test } from "bun:test";
import { takeTurns } from "../../../../bench/tables/contest.ts";

const CONTEXT = { absent: ["crosvm"] };
const ROUNDS = { runs: 2, warmUp: 1 };

/** A contest in which this one fails from this run on. */
async function contest(failing: string, from: number, names: readonly string[] = ["volt", "qemu", "lkvm"]) {
  const runs = new Map<string, number>();
  return await takeTurns(CONTEXT, "this machine", names, ROUNDS, async (name) => {
    const run = (runs.get(name) ?? 0) + 1;
    runs.set(name, run);
    if (name === failing && run >= from) throw new Error("no such chip\nand more");
    return run;
  });
}

describe("in a contest", () => {
  test("another monitor that fails in its first run is left out, and the table says so", async () => {
    const { samples, absent } = await contest("lkvm", 1);
    expect(samples).toEqual({ volt: [2, 3], qemu: [2, 3] } as never);
    expect(absent).toEqual(["crosvm", "lkvm (no such chip)"]);
  });

  test("one that did it once has to do it again", async () => {
    await expect(contest("lkvm", 2)).rejects.toThrow("no such chip");
  });

  test.each(["volt", "volt, logging", "volt@before", "floor"])("%s has to do it", async (name) => {
    await expect(contest(name, 1, [name, "qemu"])).rejects.toThrow("no such chip");
  });
});
