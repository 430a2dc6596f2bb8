/**
 * `npm test`: the checks, a build, every test; the last line says how many passed. With `--long` the slow campaigns
 * (test/long) run instead of the rest. More arguments choose test files, as `bun test` takes them.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { guestHost } from "../test/testbed/host.ts";
import { CHECKS, passes } from "./check.ts";
import { stockKernel } from "./guest-kernel.ts";

const ROOT = join(import.meta.dirname, "..");
const REPORT = join(ROOT, "dist/test-report.xml");
/** A guest in a nested machine on a busy host takes its time; a test that hangs still ends. */
const TEST_LIMIT_MS = 180_000;

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
  console.log(
    `Linux guests run ${guestHost() === "native" ? "on this host" : "in the nested machine: no vmx or svm here"}`,
  );

  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const chosen = files.length > 0 ? files : long ? ["test/long"] : ["test/unit", "test/kvm", "test/e2e"];
  const bun = Bun.spawnSync(
    [
      ...[process.execPath, "test", "--timeout", String(TEST_LIMIT_MS)],
      ...["--reporter=junit", `--reporter-outfile=${REPORT}`],
      ...chosen,
    ],
    { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, VOLT_HOME: store } },
  );
  const tests = readTotals(bun.success);
  const totals = {
    passed: tests.passed + checks.filter(Boolean).length,
    failed: tests.failed + checks.filter((ok) => !ok).length,
    skipped: tests.skipped,
  };
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : "";
  console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
  return totals;
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
