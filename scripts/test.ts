/**
 * `npm test`: the checks, a build, every test; the last line says how many passed. With `--long` the slow campaigns
 * (test/long) run instead of the rest. More arguments choose test files, as `bun test` takes them.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "../build.ts";
import { attackedVolt } from "../test/support/attacks/build.ts";
import { guestHost, tinyGuestHost } from "../test/testbed/host.ts";
import { CHECKS, passes } from "./check.ts";
import { stockKernel } from "./guest-kernel.ts";
import { runInNestedMachines } from "./nested-tests.ts";
import { NOTHING, readTotals, sum, summary, type TestRun, type Totals } from "./test-report.ts";

const ROOT = join(import.meta.dirname, "..");
const REPORT = join(ROOT, "dist/test-report.xml");
/** A guest in a nested machine on a busy host takes its time; a test that hangs still ends. */
const TEST_LIMIT_MS = 180_000;

/** A group of tests, and what it needs to run; `bun test` takes a path's beginning. */
interface Group {
  readonly paths: readonly string[];
  readonly flags?: readonly string[];
  /** All of `bun test` runs in nested machines. */
  readonly nested?: boolean;
}

/** Neither KVM nor volt's guests. */
const ANYWHERE = ["test/unit", "test/e2e/guest-", "test/e2e/testbed"];
/** Guests of a few instructions: any /dev/kvm runs them. */
const TINY_GUESTS = ["test/kvm", "test/e2e/cli", "test/e2e/api", "test/e2e/firecracker"];
/** Linux guests: such a test asks for a host that runs them, and gets a nested machine where this one doesn't. */
const LINUX_GUESTS = ["test/e2e/guests"];
/** A nested machine fills little more than one processor: two files at a time, with a machine each, take two thirds of the time. */
const TWO_AT_A_TIME = ["--parallel=2", "--no-isolate"];
/**
 * For tests of processes, servers and guests. The nested machine itself can die under one (test/e2e/guests/turns.ts says
 * why), and is booted anew; elsewhere a machine that others share can stop a process for seconds at the one place where a
 * test did not expect it. The end of the run names each that needed it: such a test wants mending.
 */
const SECOND_TRY = ["--retry", "1"];

const { failed } = await test(process.argv.slice(2));
process.exitCode = failed === 0 ? 0 : 1;

async function test(args: readonly string[]): Promise<Totals> {
  const long = args.includes("--long");
  const files = args.filter((arg) => arg !== "--long");
  const checked = Object.keys(CHECKS).map(check).reduce(sum, NOTHING);
  await build();
  const { store } = await stockKernel();

  const chosen = files.length > 0 ? files : long ? ["test/long"] : [...ANYWHERE, ...TINY_GUESTS, ...LINUX_GUESTS];
  // In a nested machine, where its test runs, it would take ten times as long.
  if (chosen.some((path) => path.startsWith("test/e2e/cli"))) attackedVolt();
  let totals = checked;
  for (const group of groups(chosen)) totals = sum(totals, await runTests(group, store));
  console.log(`\n${summary(totals)}`);
  return totals;
}

/** Each where this machine can run it. */
function groups(paths: readonly string[]): Group[] {
  const tiny = tinyGuestHost() === "nested";
  const linux = guestHost() === "nested";
  console.log(`tiny guests run ${tiny ? "in the nested machine: no /dev/kvm here" : "on this host"}`);
  console.log(`Linux guests run ${linux ? "in the nested machine: no vmx or svm here" : "on this host"}`);
  const within = (folders: readonly string[]) => (path: string) => folders.some((folder) => path.startsWith(folder));
  const tinyGuests = paths.filter(within(TINY_GUESTS));
  const linuxGuests = paths.filter(within(LINUX_GUESTS));
  const rest = paths.filter((path) => !tinyGuests.includes(path) && !linuxGuests.includes(path));
  return [
    { paths: rest, flags: SECOND_TRY },
    { paths: tinyGuests, flags: SECOND_TRY, nested: tiny },
    { paths: linuxGuests, flags: linux ? [...SECOND_TRY, ...TWO_AT_A_TIME] : SECOND_TRY },
  ].filter((group) => group.paths.length > 0);
}

function check(name: string): Totals {
  if (passes(name)) return { ...NOTHING, passed: 1 };
  return { ...NOTHING, failed: 1, failures: [`failed: the check "${name}": see above`] };
}

/** Output is passed on. @param store VOLT_HOME */
async function runTests({ paths, flags = [], nested = false }: Group, store: string): Promise<Totals> {
  const command = [process.execPath, "test", "--timeout", String(TEST_LIMIT_MS), ...flags];
  const env = { VOLT_HOME: store };
  const runs = nested ? await runInNestedMachines(ROOT, paths, command, env) : [await runHere(paths, command, env)];
  return runs.map(readTotals).reduce(sum, NOTHING);
}

async function runHere(
  paths: readonly string[],
  command: readonly string[],
  env: Record<string, string>,
): Promise<TestRun> {
  rmSync(REPORT, { force: true });
  mkdirSync(dirname(REPORT), { recursive: true });
  const run = Bun.spawn([...command, "--reporter=junit", `--reporter-outfile=${REPORT}`, ...paths], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, ...env, ...(process.stderr.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  let said = "";
  for await (const text of run.stderr.pipeThrough(new TextDecoderStream())) {
    process.stderr.write(text);
    said += text;
  }
  const success = (await run.exited) === 0;
  return { report: existsSync(REPORT) ? readFileSync(REPORT, "utf8") : "", said: Bun.stripANSI(said), success };
}
