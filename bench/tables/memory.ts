/** What a monitor takes besides the guest's own memory, at rest. */
import { touchAll, writeTinyKernel } from "../guests/tiny.ts";
import { type Footprint, footprints } from "../method/footprint.ts";
import type { Metric } from "../report/result.ts";
import { commandsFor, metricOf, takeTurns } from "./contest.ts";
import type { Table } from "./table.ts";

const SIZES_MIB = [128, 256, 512, 1024];
const SETTLE_S = 2;
/** A process at rest has hardly any noise. */
const RUNS = 3;

export const memory: Table = {
  name: "memory",
  async measure(context) {
    const host = await context.host(context.places.tiny);
    const metrics: Metric[] = [];
    const absent = new Set(context.absent);
    for (const memoryMiB of context.options.quick ? [SIZES_MIB[0]!] : SIZES_MIB) {
      const guestBytes = memoryMiB * 2 ** 20;
      const kernel = context.file(`touch-${memoryMiB}`);
      writeTinyKernel(kernel, touchAll(guestBytes));
      const commands = commandsFor(context, { kernel, commandLine: "", memoryMiB, cpus: 1 });
      const rounds = { runs: RUNS, warmUp: 0 };
      const turns = await takeTurns(context, context.places.tiny, [...commands.keys()], rounds, async (name) => {
        const options = { count: 1, guestBytes, settleSeconds: SETTLE_S };
        return (await footprints(host, commands.get(name)!, options))[0]!;
      });
      metrics.push(...metricsOf(`${memoryMiB} MiB guest`, turns.samples));
      for (const who of turns.absent) absent.add(who);
    }
    return {
      table: "memory",
      title: "Memory besides the guest's own",
      place: context.places.tiny,
      method: `A guest that touches all of its memory and rests, ${SETTLE_S} s later, 1 vCPU. By smaps_rollup, less the guest's memory.`,
      metrics,
      absent: [...absent],
    };
  },
};

function metricsOf(size: string, prints: Readonly<Record<string, readonly Footprint[]>>): Metric[] {
  const mib = (bytes: number): number => bytes / 2 ** 20;
  return [
    metricOf(`${size}: RSS`, "MiB", prints, ({ rss }) => mib(rss)),
    metricOf(`${size}: PSS`, "MiB", prints, ({ pss }) => mib(pss)),
    metricOf(`${size}: private and dirty`, "MiB", prints, ({ privateDirty }) => mib(privateDirty)),
  ];
}
