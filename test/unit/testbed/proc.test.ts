import { expect, test } from "bun:test";
import { openSync } from "node:fs";
import { descriptorsOf, ofEachThread } from "../../support/proc.ts";

test("a look at a process leaves out the descriptor that the look itself took, gone before it was read", () => {
  const opened = openSync("/dev/null", "r");

  expect(descriptorsOf("self").get(opened)).toBe("/dev/null");
  expect([...descriptorsOf("self").values()].filter((target) => target.endsWith("/fd"))).toEqual([]);
});

test("of each thread there is what the kernel says", () => {
  expect(ofEachThread(process.pid, "status").some((status) => status.includes(`Pid:\t${process.pid}\n`))).toBe(true);
});
