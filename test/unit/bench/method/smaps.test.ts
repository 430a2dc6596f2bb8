import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { footprint } from "../../../../bench/method/smaps.ts";
import { Mapping } from "../../../../ffi/memory.ts";

const KIB = 1024;

/** A mapping as the kernel shows it, its fields in kB. */
function mapping(range: string, access: string, rss: number, pss = rss, dirty = 0): string {
  return `${range} ${access} 00000000 00:00 0 \nSize: 1 kB\nRss: ${rss} kB\nPss: ${pss} kB\nPrivate_Dirty: ${dirty} kB\n`;
}

describe("a footprint", () => {
  test("leaves out the mapping that has the guest's size", () => {
    const text =
      mapping("1000-3000", "r-xp", 8, 4) +
      mapping("10000-20000", "rw-p", 64, 64, 64) +
      mapping("30000-31000", "rw-p", 4, 4, 4);
    expect(footprint(text, 0x10000)).toEqual({
      rss: 12 * KIB,
      pss: 8 * KIB,
      privateDirty: 4 * KIB,
      guestRss: 64 * KIB,
    });
  });

  test("takes neighbours together that a mapped kernel split", () => {
    const text =
      mapping("1000-3000", "rw-p", 1) +
      mapping("10000-14000", "rw-p", 2) +
      mapping("14000-18000", "r--p", 4) +
      mapping("18000-20000", "rw-p", 8);
    expect(footprint(text, 0x10000)).toMatchObject({ rss: KIB, guestRss: 14 * KIB });
  });

  test("takes the smallest that is big enough where none fits, and never reserved addresses", () => {
    const text =
      mapping("10000-30000", "---p", 0) + mapping("40000-70000", "rw-p", 2) + mapping("80000-180000", "rw-p", 4);
    expect(footprint(text, 0x20000)).toMatchObject({ rss: 4 * KIB, guestRss: 2 * KIB });
  });

  test("of a process without such memory is an error", () => {
    expect(() => footprint(mapping("1000-3000", "rw-p", 1), 0x10000)).toThrow("did the monitor start?");
  });

  test("of this very process has what it touched", () => {
    using guest = Mapping.create(48 * 2 ** 20, { about: "a test" });
    new Uint8Array(guest.view()).fill(1, 0, 3 * 2 ** 20);
    const { guestRss, rss, pss } = footprint(readFileSync("/proc/self/smaps", "utf8"), 48 * 2 ** 20);
    expect(guestRss).toBeGreaterThanOrEqual(3 * 2 ** 20);
    expect(rss).toBeGreaterThanOrEqual(pss);
  });
});
