/** What loading a kernel takes, copied and mapped, from the trace log. */
import type { Context } from "../context.ts";
import { PRINT_AND_END, writeTinyKernel } from "../guests/tiny.ts";
import { inRounds } from "../method/rounds.ts";
import { metricOf } from "./contest.ts";
import { collect } from "./phases.ts";
import type { Table } from "./table.ts";

/** A vmlinux's, without its modules. */
const KERNEL_BYTES = 20e6;

export const load: Table = {
  name: "load",
  async measure(context) {
    const commands = await kernels(context);
    const runs = await inRounds([...commands.keys()], { runs: context.options.runs, warmUp: 2 }, async (name) => {
      const { output, status } = await context.time(context.places.tiny, commands.get(name)!);
      if (status !== 0) throw new Error(`${name}: status ${status}: ${output}`);
      const stamps = new Map<string, number[]>();
      collect(output, stamps);
      return stamps.get("kernel loaded")![0]! - stamps.get("chips created")![0]!;
    });
    return {
      table: "load",
      title: "Loading a kernel",
      place: context.places.tiny,
      method: `A kernel of ${KERNEL_BYTES / 1e6} MB in the host's page cache and in volt's store, copied into the guest's memory or mapped there (\`--load\`), beside a tiny one. With the boot's tables, by the trace log: from "chips created" to "kernel loaded". 128 MiB, 1 vCPU.`,
      metrics: [metricOf("loading", "ms", runs, (ms) => ms)],
    };
  },
};

/** Each way's command. */
async function kernels(context: Context): Promise<ReadonlyMap<string, readonly string[]>> {
  const [tiny, big, store] = [context.file("tiny"), context.file("big"), context.file("store")];
  writeTinyKernel(tiny, PRINT_AND_END);
  // Not zeros: a page of them might be left out.
  writeTinyKernel(big, PRINT_AND_END, new Uint8Array(KERNEL_BYTES).fill(0x90));
  const guest = { commandLine: "", memoryMiB: 128, cpus: 1 };
  const run = (kernel: string, ...flags: string[]) => [
    ...["env", `VOLT_HOME=${store}`, ...context.volt.command({ ...guest, kernel }, context.folder)!],
    ...["--log-level", "trace", ...flags],
  ];
  const add = Bun.spawn([context.volt.path, "kernel", "add", big, "--name", "big"], {
    env: { ...process.env, VOLT_HOME: store },
    stdio: ["ignore", "ignore", "inherit"],
  });
  if ((await add.exited) !== 0) throw new Error("volt kernel add failed");
  return new Map([
    ["volt", run("big", "--load", "map")],
    ["copied", run("big", "--load", "copy")],
    ["a file's, copied", run(big)],
    ["a tiny one", run(tiny)],
  ]);
}
