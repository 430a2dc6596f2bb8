import { describe, expect, test } from "bun:test";
import { changeText, regressions } from "../../../../bench/report/compare.ts";
import type { Metric, Report } from "../../../../bench/report/result.ts";

function report(samples: readonly number[], better: Metric["better"] = "less"): Report {
  const metric: Metric = { name: "whole life", unit: "ms", better, samples: { volt: samples, qemu: [1] } };
  const result = { table: "start", title: "", place: "this machine" as const, method: "", metrics: [metric] };
  return { version: 1, date: "", quick: false, host: {}, programs: {}, results: [result] };
}

describe("a comparison with an older report", () => {
  test("tells what takes longer now", () => {
    const [change] = regressions(report([10, 10, 10]), report([13, 13, 13]));
    expect(changeText(change!)).toBe("start: whole life: 10.0 -> 13.0 ms: 30 % worse");
  });

  test("tells what is less now where more is better", () => {
    expect(regressions(report([30], "more"), report([20], "more"))).toMatchObject([{ worse: 0.5 }]);
  });

  test("has nothing to say of what got better, of noise, of what varied that much before, or of new tables", () => {
    expect(regressions(report([10]), report([5]))).toEqual([]);
    expect(regressions(report([10]), report([10.4]))).toEqual([]);
    expect(regressions(report([6, 8, 10, 12, 14]), report([13]))).toEqual([]);
    expect(regressions({ ...report([1]), results: [] }, report([99]))).toEqual([]);
  });
});
