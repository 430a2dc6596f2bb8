/** VMs that come and go beside the resident, and how each has to end. */
import { RunningVolt, type VoltEnd } from "../../test/e2e/guests/volt.ts";
import type { Random } from "./random.ts";
import type { SoakHost } from "./soak.ts";

interface Visitor {
  readonly name: string;
  /** @param random what it does may depend on it */
  plan(random: Random): {
    readonly script: string;
    readonly status: number;
    readonly during?: (vm: RunningVolt) => Promise<void>;
  };
}

/** While the guest's shell sleeps. */
const SLEEPS = "echo up; sleep 100";

export const VISITORS: readonly Visitor[] = [
  {
    name: "boot",
    plan: (random) => {
      const status = random.whole(0, 100);
      return { script: `nproc; exit ${status}`, status };
    },
  },
  { name: "reset", plan: () => ({ script: "reboot -f", status: 0 }) },
  { name: "crash", plan: () => ({ script: "echo c >/proc/sysrq-trigger", status: 124 }) },
  {
    name: "hang-up",
    plan: () => ({
      script: SLEEPS,
      status: 129,
      async during(vm) {
        await vm.printed("up\n");
        vm.signal("SIGHUP");
      },
    }),
  },
  {
    name: "kill",
    plan: (random) => {
      const ms = random.whole(0, 4000);
      return {
        script: SLEEPS,
        status: 137,
        async during(vm) {
          await Bun.sleep(ms);
          vm.signal("SIGKILL");
        },
      };
    },
  },
];

/** @returns what was wrong, if anything was */
export async function visit(soak: SoakHost, visitor: Visitor, random: Random): Promise<string | undefined> {
  const { script, status, during } = visitor.plan(random);
  const cpus = random.whole(1, 2);
  const args = ["--cpus", String(cpus), "--memory", random.pick(["128M", "192M"]), "--", "sh", "-c", script];
  await using vm = new RunningVolt(
    soak.host,
    soak.store,
    args,
    { program: soak.volt, limitMs: 120_000 },
    () => undefined,
  );
  const ended = vm.end();
  ended.catch(() => undefined);
  try {
    await during?.(vm);
    return verdict(await ended, status);
  } catch (error) {
    return `${error instanceof Error ? error.message : error}`;
  }
}

function verdict({ status, log, stdout }: VoltEnd, wanted: number): string | undefined {
  if (status === wanted) return undefined;
  return `status ${status}, not ${wanted}; log: ${JSON.stringify(log.slice(-500))}; console: ${JSON.stringify(stdout.slice(-300))}`;
}
