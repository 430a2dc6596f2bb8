import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOTHING, readTotals, sum, summary, type TestRun } from "../../../scripts/test-report.ts";

/** What a real `bun test` reports of this file of tests. */
function run(tests: string, ...flags: string[]): TestRun {
  const folder = mkdtempSync(join(tmpdir(), "volt-report-"));
  try {
    writeFileSync(join(folder, "some.test.ts"), `import { describe, expect, test } from "bun:test";\n${tests}`);
    const report = join(folder, "report.xml");
    const command = [
      process.execPath,
      "test",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      "some.test.ts",
      ...flags,
    ];
    const { success, stderr } = Bun.spawnSync(command, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    return { report: readFileSync(report, "utf8"), said: stderr.toString(), success };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a failed test is told by its file, its names and what it said", () => {
  const tests = `
    test("good", () => {});
    test.skip("left out", () => {});
    describe("of <two>", () => { describe("in it", () => { test("bad", () => { expect(1).toBe(2); }); }); });`;
  const totals = readTotals(run(tests));

  expect(totals).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
  expect(totals.failures[0]).toStartWith("failed: some.test.ts: of <two> > in it > bad\n");
  expect(totals.failures[0]).toContain("Expected: 2");
  expect(summary(totals)).toEndWith("\n\n1 passed, 1 failed, 1 skipped");
});

test("a test that needed another try passed, and is named at the end", () => {
  const tests = `
    let tries = 0;
    describe("of two", () => { test("late", () => { expect(++tries).toBe(2); }); });`;
  const totals = readTotals(run(tests, "--retry", "1"));

  expect(totals).toMatchObject({ passed: 1, failed: 0, retried: ["of two > late"] });
  expect(summary(totals)).toBe("passed at another try (what went wrong is above): of two > late\n\n1 passed, 0 failed");
});

test("a run that ended badly without a failed test is a failure", () => {
  expect(readTotals({ report: "", success: false })).toMatchObject({ passed: 0, failed: 1 });
  expect(readTotals({ report: "", success: true })).toEqual(NOTHING);
});

test("the totals of two runs add up", () => {
  const one = { passed: 3, failed: 1, skipped: 0, retried: ["c"], failures: ["failed: a"] };
  const other = { passed: 4, failed: 1, skipped: 2, retried: [], failures: ["failed: b"] };

  expect(sum(one, other)).toEqual({
    ...{ passed: 7, failed: 2, skipped: 2 },
    retried: ["c"],
    failures: ["failed: a", "failed: b"],
  });
});
