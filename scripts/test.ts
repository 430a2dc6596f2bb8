/**
 * `npm test`: the checks, a build, every test; the last line says how many passed. With `--long` the slow campaigns
 * (test/long) run instead of the rest. More arguments choose test files, as `bun test` takes them.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { guestHost } from "../test/testbed/host.ts";
import { CHECKS, passes } from "./check.ts";
import { stockKernel } from "./guest-kernel.ts";

const ROOT = join(import.meta.dirname, "..");
const REPORT = join(ROOT, "dist/test-report.xml");
/** A guest in a nested machine on a busy host takes its time; a test that hangs still ends. */
const TEST_LIMIT_MS = 180_000;

/** Everything but Linux guests in volt: `bun test` takes a path's beginning. */
const SURE = ["test/unit", "test/kvm", "test/e2e/cli", "test/e2e/guest-", "test/e2e/testbed"];
const GUESTS = ["test/e2e/guests"];
/**
 * The nested machine itself can die under a test (test/e2e/guests/turns.ts says why). There a failed test of a Linux guest
 * gets a second try, in a machine that was booted anew; where KVM is real, it does not. Such a machine fills little more
 * than one processor: two of them, each for half of the files, take two thirds of the time.
 */
const NESTED_FLAGS = ["--retry", "1", "--parallel=2", "--no-isolate"];

interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const { failed } = await test(process.argv.slice(2));
process.exitCode = failed === 0 ? 0 : 1;

async function test(args: readonly string[]): Promise<Totals> {
  const long = args.includes("--long");
  const files = args.filter((arg) => arg !== "--long");
  const checks = Object.keys(CHECKS).map(passes);
  await build();
  const { store } = await stockKernel();
  const nested = guestHost() === "nested";
  console.log(`Linux guests run ${nested ? "in the nested machine: no vmx or svm here" : "on this host"}`);

  const chosen = files.length > 0 ? [files] : long ? [["test/long"]] : [SURE, GUESTS];
  const runs = chosen.map((paths) => runTests(paths, paths === GUESTS && nested ? NESTED_FLAGS : [], store));
  const tests = runs.reduce((sum, run) => ({
    passed: sum.passed + run.passed,
    failed: sum.failed + run.failed,
    skipped: sum.skipped + run.skipped,
  }));
  const totals = {
    passed: tests.passed + checks.filter(Boolean).length,
    failed: tests.failed + checks.filter((ok) => !ok).length,
    skipped: tests.skipped,
  };
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : "";
  console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
  return totals;
}

/** One run of `bun test`, its output passed on. @param store VOLT_HOME */
function runTests(paths: readonly string[], flags: readonly string[], store: string): Totals {
  rmSync(REPORT, { force: true });
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const report = ["--reporter=junit", `--reporter-outfile=${REPORT}`];
  const command = [process.execPath, "test", "--timeout", String(TEST_LIMIT_MS), ...flags, ...report, ...paths];
  const env = { ...process.env, VOLT_HOME: store };
  return readTotals(Bun.spawnSync(command, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"], env }).success);
}

/** A run that ended badly without a failed test (a crash, a file that does not load) counts as one failure. */
function readTotals(success: boolean): Totals {
  const report = existsSync(REPORT) ? readFileSync(REPORT, "utf8") : "";
  const head = /<testsuites [^>]*>/.exec(report)?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  return { passed: count("tests") - failed - skipped, failed: success ? failed : Math.max(failed, 1), skipped };
}
