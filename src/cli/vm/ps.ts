/** `volt ps`. */
import { defineCommand } from "citty";
import { type FoundInstance, listInstances, sweep } from "../../instances/list.ts";
import { runtimeFolder } from "../../instances/paths.ts";
import { age, JSON_FLAG, show, table } from "../output.ts";
import { request } from "./client.ts";

/** One that does not answer must not keep the others from being shown. */
const LIMIT_MS = 3000;

export const psCommand = defineCommand({
  meta: { name: "ps", description: "lists the VMs that run" },
  args: { ...JSON_FLAG, quiet: { type: "boolean", alias: "q", description: "their names alone" } },
  async run({ args }) {
    const home = runtimeFolder();
    if (home !== undefined) sweep(home);
    const alive = home === undefined ? [] : listInstances(home).filter(({ isAlive }) => isAlive);
    if (args.quiet) return show(false, undefined, alive.map(({ id }) => id).join("\n"));
    const states = await Promise.all(alive.map(stateOf));
    const rows = alive.map((one, i) => row(one, states[i]!));
    const head = ["NAME", "PID", "STATE", "CPUS", "MEMORY", "AGE", "KERNEL"];
    show(
      args.json,
      alive.map(({ id, record }, i) => ({ id, state: states[i]!, ...record })),
      rows.length === 0
        ? `no VM runs${home === undefined ? " with a name: set XDG_RUNTIME_DIR" : ""}`
        : table([head, ...rows]),
    );
  },
});

function row({ id, record }: FoundInstance, state: string): string[] {
  if (!record) return [id, "", state];
  const { pid, vcpu_count, mem_size_mib, started, kernel } = record;
  return [id, String(pid), state, String(vcpu_count), `${mem_size_mib} MiB`, age(started), kernel || "(default)"];
}

/** In small letters: running, paused, stopping; or starting, or why there is no answer. */
async function stateOf({ id, record, paths }: FoundInstance): Promise<string> {
  if (!record) return "starting";
  try {
    const target = { name: id, api: record.api ?? paths.api, instance: undefined };
    const { status, text } = await request(target, "GET", "/volt/state", undefined, LIMIT_MS);
    return status === 200 ? String(JSON.parse(text).state).toLowerCase() : "busy";
  } catch {
    return "no answer";
  }
}
