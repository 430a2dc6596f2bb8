/** What a monitor takes besides the guest's own memory, at rest. */
import { PRINT_AND_REST, writeTinyKernel } from "../guests/tiny.ts";
import { inRounds } from "../method/rounds.ts";
import { type Footprint, footprint } from "../method/smaps.ts";
import type { Metric } from "../report/result.ts";
import { commandsFor } from "./contest.ts";
import type { Table } from "./table.ts";

const SIZES_MIB = [128, 256, 512, 1024];
const SETTLE_S = 2;
/** A process at rest has hardly any noise. */
const RUNS = 3;
/** Starts "$@", waits, shows its memory map, ends it. */
const SNAPSHOT = `"$@" </dev/null >/dev/null 2>&1 & pid=$!; sleep ${SETTLE_S}; cat /proc/$pid/smaps; kill -9 $pid`;

export const memory: Table = {
  name: "memory",
  async measure(context) {
    const kernel = context.file("print-and-rest");
    writeTinyKernel(kernel, PRINT_AND_REST);
    const host = await context.host("here");
    const metrics: Metric[] = [];
    for (const memoryMiB of context.options.quick ? [SIZES_MIB[0]!] : SIZES_MIB) {
      const commands = commandsFor(context, { kernel, commandLine: "", memoryMiB, cpus: 1 });
      const prints = await inRounds([...commands.keys()], { runs: RUNS, warmUp: 0 }, async (name) => {
        const { stdout } = await host.run(["sh", "-c", SNAPSHOT, "sh", ...commands.get(name)!]);
        return footprint(stdout.toString(), memoryMiB * 2 ** 20);
      });
      metrics.push(...metricsOf(`${memoryMiB} MiB guest`, prints));
    }
    return {
      table: "memory",
      title: "Memory besides the guest's own",
      place: "here",
      method: `A guest that rests, ${SETTLE_S} s after the start, 1 vCPU. By /proc/PID/smaps, guest memory's mapping left out.`,
      metrics,
      absent: context.absent,
    };
  },
};

function metricsOf(size: string, prints: Readonly<Record<string, readonly Footprint[]>>): Metric[] {
  const metric = (name: string, pick: (print: Footprint) => number): Metric => ({
    name: `${size}: ${name}`,
    unit: "MiB",
    better: "less",
    samples: Object.fromEntries(Object.entries(prints).map(([who, list]) => [who, list.map((p) => pick(p) / 2 ** 20)])),
  });
  return [
    metric("RSS", ({ rss }) => rss),
    metric("PSS", ({ pss }) => pss),
    metric("private and dirty", ({ privateDirty }) => privateDirty),
  ];
}
