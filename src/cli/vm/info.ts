/** `volt info`. */
import { defineCommand } from "citty";
import type { VmConfig } from "../../config/schema.ts";
import { JSON_FLAG, show, table } from "../output.ts";
import { ask } from "./client.ts";
import { findTarget, TARGET_FLAGS } from "./target.ts";

interface Facts {
  readonly instance: { readonly id: string; readonly vmm_version: string; readonly app_name: string };
  readonly state: { readonly state: string; readonly pid: number };
  readonly config: VmConfig;
  readonly timeline: readonly { readonly phase: string; readonly ms: number }[];
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export const infoCommand = defineCommand({
  meta: { name: "info", description: "tells what a VM is: its state, configuration, start and devices" },
  args: { ...TARGET_FLAGS, ...JSON_FLAG },
  async run({ args }) {
    const target = findTarget(args, "info");
    const facts: Facts = {
      instance: await ask(target, "GET", "/"),
      state: await ask(target, "GET", "/volt/state"),
      config: await ask(target, "GET", "/vm/config"),
      timeline: await ask(target, "GET", "/volt/timeline"),
      counters: await ask(target, "GET", "/volt/counters"),
    };
    show(args.json, { ...facts, api: target.api }, text(facts, target.api));
  },
});

function text({ instance, state, config, timeline, counters }: Facts, api: string): string {
  const { "boot-source": boot, "machine-config": machine } = config;
  const running = timeline.find(({ phase }) => phase === "VM is running");
  return table([
    ["name", instance.id],
    ["state", state.state.toLowerCase()],
    ["process", String(state.pid)],
    ["volt", `${instance.app_name} ${instance.vmm_version}`],
    ["API", api],
    ["vCPUs", String(machine.vcpu_count)],
    ["memory", `${machine.mem_size_mib} MiB`],
    ["kernel", boot.kernel_image_path ?? "(the default)"],
    ...(running ? [["start", `${running.ms.toFixed(1)} ms until the VM ran`]] : []),
    ...Object.entries(counters).map(([device, counts]) => [device, describe(counts)]),
  ]);
}

/** What is not zero. */
function describe(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => typeof count === "number" && count !== 0);
  return some.length === 0 ? "unused so far" : some.map(([name, count]) => `${name} ${count}`).join(", ");
}
