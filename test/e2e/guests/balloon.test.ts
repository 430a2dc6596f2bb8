/** The balloon: memory that goes back to the host, and comes back to the guest. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sharedHost } from "../../testbed/shared.ts";
import { LIMIT, type RunningVolt, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);
const MIB = 2 ** 20;

/** A guest that goes on to the next step of its script, `step NAME`, when the test says so. */
const STEPS = 'step() { echo "at $1"; read -r line; }';

/** Runs a script of steps; what `look` sees at each, by its name. */
async function atSteps<T>(
  script: string,
  flags: readonly string[],
  look: (vm: RunningVolt, step: string) => Promise<T>,
): Promise<{ readonly seen: Record<string, T>; readonly status: number; readonly stdout: string }> {
  const names = [...script.matchAll(/step (\w+)/g)].map(([, name = ""]) => name);
  const seen: Record<string, T> = {};
  const started = Promise.withResolvers<RunningVolt>();
  async function* input() {
    const vm = await started.promise;
    for (const name of names) {
      await vm.printed(`at ${name}\n`);
      seen[name] = await look(vm, name);
      yield Buffer.from("on\n");
    }
  }
  await using vm = await startVolt([...flags, "--", "sh", "-c", `${STEPS}; ${script}`], { stdin: input() });
  started.resolve(vm);
  const { status, stdout } = await vm.end();
  return { seen, status, stdout };
}

/** What of the host's memory volt has for itself, the guest's memory included, in MiB. */
async function ownMemory(vm: RunningVolt): Promise<number> {
  const status = await vm.onHost(`cat /proc/${vm.pid()}/status`);
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  return Number(kilobytes) / 1024;
}

/** The same, as soon as it is less than `most`; after half a minute whatever it is. */
async function ownMemoryBelow(vm: RunningVolt, most: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    const now = await ownMemory(vm);
    if (now < most || tries === 60) return now;
    await Bun.sleep(500);
  }
}

const FILL = "mount -o remount,size=100% /tmp; head -c 120m /dev/zero >/tmp/zeros";

test("what the guest frees goes back to the host", async () => {
  const script = `${FILL}; step full; rm /tmp/zeros; step empty; ${FILL}; wc -c </tmp/zeros`;
  let full = 0;
  const { seen, status, stdout } = await atSteps(script, ["--memory", "256M", "--balloon", "0"], async (vm, step) => {
    if (step === "full") full = await ownMemory(vm);
    return step === "full" ? full : ownMemoryBelow(vm, full - 80);
  });

  expect(status).toBe(0);
  expect(seen["full"]).toBeGreaterThan(120);
  expect(seen["empty"]).toBeLessThan(full - 80);
  expect(stdout).toEndWith(`\n${120 * MIB}\n`);
});

test("an inflated balloon's pages are the host's, and the guest takes them back when it runs out", async () => {
  // Without reporting: what goes back to the host goes by the balloon.
  const config = join((await sharedHost()).share, "balloon.json");
  const balloon = { amount_mib: 160, free_page_reporting: false };
  writeFileSync(config, JSON.stringify({ "machine-config": { mem_size_mib: 256 }, balloon, entropy: {} }));
  const script = [
    "rmmod virtio_balloon",
    FILL,
    "rm /tmp/zeros; step before",
    "modprobe virtio_balloon; step inflated",
    `grep MemFree /proc/meminfo; ${FILL}; wc -c </tmp/zeros`,
  ].join("; ");
  let before = 0;
  const { seen, status, stdout } = await atSteps(script, ["--config", config], async (vm, step) => {
    if (step === "before") before = await ownMemory(vm);
    return step === "before" ? before : ownMemoryBelow(vm, before - 80);
  });

  expect(status).toBe(0);
  expect(seen["before"]).toBeGreaterThan(120);
  expect(seen["inflated"]).toBeLessThan(before - 80);
  expect(Number(/MemFree: +(\d+) kB/.exec(stdout)?.[1])).toBeLessThan(100 * 1024);
  expect(stdout).toEndWith(`\n${120 * MIB}\n`);
});

test("a guest on mapped kernel pages gives up what it can, and lives", async () => {
  const script = `${FILL}; rm /tmp/zeros; step empty; ${FILL}; wc -c </tmp/zeros; uname -s`;
  const flags = ["--memory", "256M", "--balloon", "64M", "--load", "map"];
  const { seen, status, stdout } = await atSteps(script, flags, (vm) => ownMemoryBelow(vm, 100));

  expect(status).toBe(0);
  expect(seen["empty"]).toBeLessThan(100);
  expect(stdout).toEndWith(`\n${120 * MIB}\nLinux\n`);
});
