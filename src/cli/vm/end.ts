/** `volt stop` and `volt kill`: both come back when the VM has ended. */
import { defineCommand } from "citty";
import { signalProcess } from "../../../ffi/process.ts";
import { ConfigError } from "../../config/error.ts";
import { isAlive } from "../../instances/lock.ts";
import { ask, events, request } from "./client.ts";
import { findTarget, TARGET_FLAGS, type Target } from "./target.ts";

const SIGKILL = 9;
/** A VM that is told to end does so within milliseconds, with its terminal and sockets in order; then it is killed. */
const PATIENCE_MS = 1000;
const LOOK_MS = 10;

export const stopCommand = defineCommand({
  meta: {
    name: "stop",
    description: "asks the guest to shut down; after the VM's --stop-timeout it is ended. Comes back when it has",
  },
  args: TARGET_FLAGS,
  async run({ args }) {
    const target = findTarget(args, "stop");
    const all = events(target);
    // Listens before it asks: the end can't be missed.
    await all.next();
    await ask(target, "PUT", "/volt/stop");
    for await (const _ of all);
    await gone(target, PATIENCE_MS);
  },
});

export const killCommand = defineCommand({
  meta: { name: "kill", description: "ends a VM at once, whatever its guest or its process does" },
  args: TARGET_FLAGS,
  async run({ args }) {
    const target = findTarget(args, "kill");
    if (await endedWhenTold(target)) return;
    const { record } = target.instance ?? {};
    if (!record)
      throw new ConfigError("", target.name, "it does not answer, and its process is not known: give its name");
    signalProcess(record.pid, record.start_time, SIGKILL);
    if (!(await gone(target, PATIENCE_MS))) {
      throw new ConfigError("", target.name, `process ${record.pid} is stuck in the kernel: it ends when that lets go`);
    }
  },
});

async function endedWhenTold(target: Target): Promise<boolean> {
  try {
    const all = events(target);
    const first = await Promise.race([all.next(), Bun.sleep(PATIENCE_MS)]);
    if (!first) return false;
    await request(target, "PUT", "/volt/kill", undefined, PATIENCE_MS).catch(() => undefined);
    const over = (async () => {
      for await (const _ of all);
      return true;
    })();
    if (!(await Promise.race([over, Bun.sleep(PATIENCE_MS)]))) return false;
    return await gone(target, PATIENCE_MS);
  } catch (error) {
    if (!target.instance) throw error;
    return !isAlive(target.instance.paths);
  }
}

/** Waits for the process: its API goes a moment before it. */
async function gone({ instance }: Target, limitMs: number): Promise<boolean> {
  if (!instance) return true;
  for (const end = Date.now() + limitMs; Date.now() < end; await Bun.sleep(LOOK_MS)) {
    if (!isAlive(instance.paths)) return true;
  }
  return false;
}
