import { describe, expect, test } from "bun:test";
import { msrFilter } from "../../../src/cpu/msr-filter.ts";
import { ALLOWED_MSRS } from "../../../src/cpu/msr-policy.ts";
import { BOOT_MSRS } from "../../../src/cpu/msrs.ts";

/** As KVM looks it up, with everything denied that no bitmap allows. */
function isAllowed(msr: number, more?: readonly number[]): boolean {
  return msrFilter(more).some(({ base, count, bitmap }) => {
    const bit = msr - base;
    return bit >= 0 && bit < count && ((bitmap[bit >> 3]! >> (bit & 7)) & 1) === 1;
  });
}

describe("the filter allows", () => {
  test("each MSR of the policy, from its first to its last", () => {
    const all = ALLOWED_MSRS.flatMap(({ first, count = 1 }) => [first, first + count - 1]);
    expect(all.filter((msr) => !isAllowed(msr))).toEqual([]);
  });
  test("what volt itself sets, since the guest may look", () => {
    expect(BOOT_MSRS.filter(({ index }) => !isAllowed(index))).toEqual([]);
  });
  test("what a template sets, near and far", () => {
    expect(isAllowed(0x1b0)).toBe(false);
    expect(isAllowed(0x1b0, [0x1b0, 0x9000])).toBe(true);
    expect(isAllowed(0x9000, [0x1b0, 0x9000])).toBe(true);
    expect(isAllowed(0x1b1, [0x1b0, 0x9000])).toBe(false);
  });
});

test.each([
  ["performance counters", [0xc1, 0x186, 0x309, 0x345, 0x38d, 0x38f, 0xc001_0000, 0xc001_0200, 0xc000_0300]],
  ["machine-check banks", [0x179, 0x400, 0x4ff]],
  ["VMX and SVM", [0x480, 0x491, 0xc001_0114, 0xc001_0117]],
  ["Hyper-V's and Xen's", [0x4000_0000, 0x4000_0080]],
  ["trace and debug store", [0x560, 0x570, 0x600]],
  ["the neighbours of what is allowed", [0x0, 0xf, 0x13, 0x4b56_4cff, 0x4b56_4d09, 0xc000_007f, 0xc000_0104]],
])("the filter denies %s", (_, msrs) => {
  expect(msrs.filter((msr) => isAllowed(msr))).toEqual([]);
});

test("bitmaps are what KVM takes: at most 16, in whole longs, of at most 0x3000 MSRs, apart from each other", () => {
  const filter = msrFilter();
  expect(filter.length).toBeLessThanOrEqual(16);
  for (const { count, bitmap } of filter) {
    expect(count).toBeLessThanOrEqual(0x3000);
    expect([bitmap.length % 8, bitmap.length * 8 >= count]).toEqual([0, true]);
  }
  const ends = filter.map(({ base, count }) => base + count);
  expect(filter.slice(1).every(({ base }, i) => base >= ends[i]!)).toBe(true);
});

test("each row of the policy stands alone: none repeats another", () => {
  const all = ALLOWED_MSRS.flatMap(({ first, count = 1 }) => Array.from({ length: count }, (_, i) => first + i));
  expect(all.length).toBe(new Set(all).size);
});
