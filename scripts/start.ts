/** `npm start`: builds volt, gets a guest kernel, boots Linux in a microVM and shows what it says and how long it took. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { guestHost, type Host, openHost } from "../test/testbed/host.ts";
import { runOnTerminal } from "../test/testbed/terminal.ts";
import { stockKernel } from "./guest-kernel.ts";
import { timelineTable } from "./timeline-table.ts";

const VOLT = join(import.meta.dirname, "../dist/volt");
/** The guest tells of itself: every line of this comes from its user space. */
const REPORT = [
  "uname -a",
  'echo "processors: $(nproc)"',
  `awk '/MemTotal/{t=$2} /MemFree/{f=$2} END{printf "memory: %d MiB, %d MiB free\\n", t/1024, f/1024}' /proc/meminfo`,
  `awk '{print "uptime: " $1 " s"}' /proc/uptime`,
].join("; ");
const LIMIT_MS = 120_000;
/** setTimeout's longest, 24 days. */
const NO_LIMIT_MS = 2 ** 31 - 1;

process.exitCode = await start(process.argv.includes("--shell"));
// stdin may still be read: nobody waits for that.
process.exit();

async function start(shell: boolean): Promise<number> {
  await build();
  const { store, version } = await stockKernel();
  const nested = guestHost() === "nested";
  console.log(`guest kernel: Debian's ${version}`);
  if (nested)
    console.log("this host's KVM can't run guest kernels in hardware (no vmx, no svm): running in the nested machine");
  await using host = await openHost();
  const env = { ...process.env, VOLT_HOME: store } as Record<string, string>;
  return shell ? await openShell(host, env) : await showBoot(host, env);
}

async function openShell(host: Host, env: Record<string, string>): Promise<number> {
  if (!process.stdin.isTTY) throw new Error("--shell needs a terminal");
  console.log("the guest's shell: leave it with `exit`, or end the VM with Ctrl-] q");
  const { status } = await runOnTerminal(host, [VOLT, "run"], {
    timeoutMs: NO_LIMIT_MS,
    env,
    stdin: process.stdin,
    onStdout: (bytes) => void process.stdout.write(bytes),
  });
  return status;
}

async function showBoot(host: Host, env: Record<string, string>): Promise<number> {
  const trace = join(host.share, "start.trace.json");
  console.log("\n$ volt run -- sh -c '...'");
  const { status } = await host.run([VOLT, "run", "--trace", trace, "--", "sh", "-c", REPORT], {
    timeoutMs: LIMIT_MS,
    env,
    onStdout: (bytes) => void process.stdout.write(bytes),
    onStderr: (bytes) => void process.stderr.write(bytes),
  });
  if (status === 0) console.log(`\n${timelineTable(JSON.parse(readFileSync(trace, "utf8")))}`);
  return status;
}
