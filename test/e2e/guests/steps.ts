/** A guest whose script stops for a test to look at the host, and goes on when it has. */
import { type RunningVolt, startVolt } from "./volt.ts";

/** Fills 120 MiB of the guest's memory. */
export const FILL = "mount -o remount,size=100% /tmp; head -c 120m /dev/zero >/tmp/zeros";

/** A guest that goes on to the next step of its script, `step NAME`, when the test says so. */
const STEPS = 'step() { echo "at $1"; read -r line; }';

/** Runs a script of steps; what `look` sees at each, by its name. */
export async function atSteps<T>(
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
export async function ownMemory(vm: RunningVolt): Promise<number> {
  const status = await vm.onHost(`cat /proc/${vm.pid()}/status`);
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  return Number(kilobytes) / 1024;
}

/** The same, as soon as it is less than `most`; after half a minute whatever it is. */
export async function ownMemoryBelow(vm: RunningVolt, most: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    const now = await ownMemory(vm);
    if (now < most || tries === 60) return now;
    await Bun.sleep(500);
  }
}
