import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readRollups } from "../../../../bench/method/footprint.ts";

const KIB = 1024;

/** As the kernel shows it, sizes in kB. */
function rollup(rss: number, pss: number, privateDirty: number): string {
  return `5581-7ffc ---p 00000000 00:00 0    [rollup]\nRss: ${rss} kB\nPss:   ${pss} kB\nPss_Dirty: 1 kB\nPrivate_Dirty: ${privateDirty} kB\n`;
}

describe("a footprint", () => {
  test("is what is there besides the memory that the guest has touched, for each process", () => {
    expect(readRollups(rollup(1100, 1050, 1010) + rollup(1200, 1060, 1020), 1000 * KIB)).toEqual([
      { rss: 100 * KIB, pss: 50 * KIB, privateDirty: 10 * KIB },
      { rss: 200 * KIB, pss: 60 * KIB, privateDirty: 20 * KIB },
    ]);
  });

  test("of a guest that did not touch its memory is an error, not a negative number", () => {
    expect(() => readRollups(rollup(1100, 1050, 990), 1000 * KIB)).toThrow("did not touch");
  });

  test("is read from what the kernel really shows", () => {
    const [own] = readRollups(readFileSync("/proc/self/smaps_rollup", "utf8"), 0);
    expect(own!.rss).toBeGreaterThanOrEqual(own!.pss);
    expect(own!.pss).toBeGreaterThanOrEqual(own!.privateDirty);
    expect(own!.privateDirty).toBeGreaterThan(0);
  });
});
