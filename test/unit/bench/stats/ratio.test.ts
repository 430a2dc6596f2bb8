import { describe, expect, test } from "bun:test";
import { pairedRatio } from "../../../../bench/stats/ratio.ts";
import { summarize } from "../../../../bench/stats/summary.ts";

describe("a ratio of pairs", () => {
  test("is not moved by what slows both programs down for a while", () => {
    const theirs = [100, 100, 100, 500, 900, 100, 100, 100];
    const ours = theirs.map((ms) => ms / 2);
    expect(pairedRatio(ours, theirs)).toEqual({ median: 0.5, interval: [0.5, 0.5] });
  });

  test("has the textbook's interval: of ten pairs the second and the ninth, of twenty the sixth and the fifteenth", () => {
    const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
    const ones = (n: number) => new Array(n).fill(1);
    expect(pairedRatio(upTo(10), ones(10)).interval).toEqual([2, 9]);
    expect(pairedRatio(upTo(20), ones(20)).interval).toEqual([6, 15]);
    expect(pairedRatio(upTo(6), ones(6)).interval).toEqual([1, 6]);
  });

  test("has no interval when there are too few pairs for any confidence", () => {
    expect(pairedRatio([1, 2, 3, 4, 5], [1, 1, 1, 1, 1])).toEqual({ median: 3 });
  });
});

describe("a summary", () => {
  test("has the middle, the ends, and how far the middle half lies apart", () => {
    expect(summarize([5, 1, 2, 4, 3])).toEqual({ count: 5, median: 3, min: 1, max: 5, spread: 2 / 3 });
  });

  test("of one sample is that sample", () => {
    expect(summarize([7])).toEqual({ count: 1, median: 7, min: 7, max: 7, spread: 0 });
  });
});
