import { expect, test } from "bun:test";
import fc from "fast-check";
import { GIB, MIB, MMIO_HOLE_END, MMIO_HOLE_START, ramRanges } from "../../../src/memory/regions.ts";

test.each([
  ["1 MiB", MIB, [{ address: 0, size: MIB }]],
  ["all below the hole", 3 * GIB, [{ address: 0, size: 3 * GIB }]],
  [
    "a MiB more than that",
    3 * GIB + MIB,
    [
      { address: 0, size: 3 * GIB },
      { address: 4 * GIB, size: MIB },
    ],
  ],
  [
    "6 GiB",
    6 * GIB,
    [
      { address: 0, size: 3 * GIB },
      { address: 4 * GIB, size: 3 * GIB },
    ],
  ],
])("%s", (_, bytes, ranges) => {
  expect(ramRanges(bytes)).toEqual(ranges);
});

test("any amount of RAM is all there, starts at 0 and stays out of the hole", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 24 }), (mib) => {
      const ranges = ramRanges(mib * MIB);
      expect(ranges.reduce((sum, { size }) => sum + size, 0)).toBe(mib * MIB);
      expect(ranges[0]!.address).toBe(0);
      for (const { address, size } of ranges) {
        expect(address + size <= MMIO_HOLE_START || address >= MMIO_HOLE_END).toBe(true);
        expect(size).toBeGreaterThan(0);
      }
    }),
  );
});
