/** The command line of `volt explain`. What it says of a boot is in test/e2e/guests/explain.test.ts. */
import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Folder, failure } from "./volt.ts";

const explain = (...args: string[]) => failure(["explain", ...args]);

test.each([
  ["what it can't explain", ["network"], 'explain: "network" can\'t be explained, only boot can: volt explain boot'],
  ["a place for a trace, which it needs itself", ["boot", "--trace", "x"], "--trace: no such flag: see --help"],
  ["the control API", ["boot", "--api", "x"], "--api: no such flag: see --help"],
  ["a number that is none", ["boot", "--seconds", "soon"], '--seconds: "soon" is no number'],
  [
    "a time that no timer takes",
    ["boot", "--seconds", "9999999"],
    "--seconds: must be more than 0 and at most 86400, found 9999999",
  ],
  ["a VM that can't be", ["boot", "--cpus", "0"], "--cpus: must be a whole number from 1 to 32, found 0"],
  [
    "a kernel that is none",
    ["boot", "--kernel", "/nonexistent"],
    '--kernel: "/nonexistent" is neither in the store (/nonexistent/volt) nor a file',
  ],
  ["a kernel that is no file", ["boot", "--kernel", "/dev/null"], "--kernel: /dev/null is a character, not a file"],
  ["a command", ["boot", "--", "ls"], "explain: the boot ends where a command would begin: leave it out"],
])("volt explain refuses %s", async (_, args, message) => {
  expect(await explain(...args)).toBe(message);
});

test("a boot that fails is told in volt's own words, and nothing is left behind", async () => {
  const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith("volt-explain-"));
  const before = leftovers();
  using folder = new Folder();
  const file = folder.file("script");
  writeFileSync(file, "#!/bin/sh\necho no kernel\n");
  expect(await explain("boot", "--kernel", file)).toMatch(/this is a script, not a kernel|\/dev\/kvm/);
  expect(leftovers()).toEqual(before);
});
