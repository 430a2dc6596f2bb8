import { expect, test } from "bun:test";
import type { Result } from "../../../../bench/report/result.ts";
import { figure, resultText } from "../../../../bench/report/text.ts";

test("a table has a line for each program, and how volt compares", () => {
  const result: Result = {
    table: "start",
    title: "Start",
    place: "this machine",
    method: "As it is.",
    metrics: [{ name: "whole life", unit: "ms", better: "less", samples: { volt: [10, 20, 30], qemu: [20, 40, 60] } }],
    absent: ["lkvm"],
  };
  expect(resultText(result).split("\n")).toEqual([
    "Start (on this machine)",
    "  As it is.",
    "                        median   min   max  spread  runs  volt / it",
    "  whole life, ms  volt    20.0  10.0  30.0    50 %     3",
    "                  qemu    40.0  20.0  60.0    50 %     3  0.50",
    "  not here: lkvm",
  ]);
});

test("a breakdown has each step with its own time, in the order of the medians", () => {
  const phases = [
    { name: "started", at: [0, 0] },
    { name: "runs", at: [10, 30] },
    { name: "ready", at: [5, 5] },
  ];
  const text = resultText({ table: "phases", title: "P", place: "nested machine", method: "M", metrics: [], phases });
  const rows = text
    .split("\n")
    .slice(3)
    .map((line) => line.trim().split(/ +/).slice(0, 3));
  expect(rows).toEqual([
    ["started", "0.0", "0.0"],
    ["ready", "5.0", "5.0"],
    ["runs", "20.0", "15.0"],
  ]);
});

test("figures have three digits that count", () => {
  expect([0, 0.01234, 1.2345, 12.345, 123.45, 12345.6].map(figure)).toEqual([
    "0",
    "0.012",
    "1.23",
    "12.3",
    "123",
    "12346",
  ]);
});
