/** Many VMs of the same kernel side by side: what one more costs. */
import { touchAll, writeTinyKernel } from "../guests/tiny.ts";
import { footprints } from "../method/footprint.ts";
import type { Metric } from "../report/result.ts";
import { commandsFor } from "./contest.ts";
import type { Table } from "./table.ts";

/** So little that a hundred fit anywhere. */
const MEMORY_MIB = 32;
const COUNTS = [1, 10, 50, 100] as const;
const SETTLE_S = 2;

export const fleet: Table = {
  name: "fleet",
  async measure(context) {
    const host = await context.host(context.places.tiny);
    const guestBytes = MEMORY_MIB * 2 ** 20;
    const kernel = context.file(`touch-${MEMORY_MIB}`);
    writeTinyKernel(kernel, touchAll(guestBytes));
    const commands = commandsFor(context, { kernel, commandLine: "", memoryMiB: MEMORY_MIB, cpus: 1 });
    const totals = new Map<string, number[]>([...commands.keys()].map((name) => [name, []]));
    for (const count of COUNTS) {
      for (const [name, words] of commands) {
        const prints = await footprints(host, words, { count, guestBytes, settleSeconds: SETTLE_S });
        totals.get(name)!.push(prints.reduce((sum, { pss }) => sum + pss, 0) / 2 ** 20);
      }
    }
    const [one, ten, fifty, hundred] = COUNTS;
    return {
      table: "fleet",
      title: "VMs side by side",
      place: context.places.tiny,
      method: `${MEMORY_MIB} MiB guests that touched their memory and rest. PSS less guest memory: what they share counts once.`,
      metrics: [
        metric(`each of ${one}`, totals, ([a]) => a! / one),
        metric(`each of ${ten}`, totals, ([, b]) => b! / ten),
        metric(`each of ${fifty}`, totals, ([, , c]) => c! / fifty),
        metric(`each of ${hundred}`, totals, ([, , , d]) => d! / hundred),
        metric(`one more, from ${ten} to ${fifty}`, totals, ([, b, c]) => (c! - b!) / (fifty - ten)),
      ],
      absent: context.absent,
    };
  },
};

function metric(
  name: string,
  totals: ReadonlyMap<string, readonly number[]>,
  pick: (totals: readonly number[]) => number,
): Metric {
  const samples = Object.fromEntries([...totals].map(([who, list]) => [who, [pick(list)]]));
  return { name, unit: "MiB", better: "less", samples };
}
