/** Many VMs of the same kernel side by side: what one more costs. */
import type { Context } from "../context.ts";
import { PRINT_AND_REST, writeTinyKernel } from "../guests/tiny.ts";
import { type Footprint, footprint } from "../method/smaps.ts";
import type { Metric } from "../report/result.ts";
import { commandsFor } from "./contest.ts";
import type { Table } from "./table.ts";

const MEMORY_MIB = 128;
const COUNTS = [1, 10, 50] as const;
const SETTLE_S = 3;
/** Starts "$@" so many times, waits, shows each one's memory map behind a line `== PID`, ends them. */
const SNAPSHOT = `n=$1; shift; pids=
while [ $n -gt 0 ]; do "$@" </dev/null >/dev/null 2>&1 & pids="$pids $!"; n=$((n-1)); done
sleep ${SETTLE_S}
for pid in $pids; do echo "== $pid"; cat /proc/$pid/smaps; done
kill -9 $pids`;

export const fleet: Table = {
  name: "fleet",
  async measure(context) {
    const kernel = context.file("print-and-rest");
    writeTinyKernel(kernel, PRINT_AND_REST);
    const commands = commandsFor(context, { kernel, commandLine: "", memoryMiB: MEMORY_MIB, cpus: 1 });
    const totals = new Map<string, number[]>();
    for (const count of COUNTS) {
      for (const [name, words] of commands) {
        const prints = await startMany(context, count, words);
        const total = prints.reduce((sum, { pss }) => sum + pss, 0) / 2 ** 20;
        totals.set(name, [...(totals.get(name) ?? []), total]);
      }
    }
    const [one, ten, fifty] = COUNTS;
    return {
      table: "fleet",
      title: "VMs side by side",
      place: "here",
      method: `${MEMORY_MIB} MiB guests that rest, ${SETTLE_S} s after the start. PSS, guest memory aside: shared pages count once.`,
      metrics: [
        metric(`each of ${one}`, totals, ([a]) => a! / one),
        metric(`each of ${ten}`, totals, ([, b]) => b! / ten),
        metric(`each of ${fifty}`, totals, ([, , c]) => c! / fifty),
        metric(`one more, from ${ten} to ${fifty}`, totals, ([, b, c]) => (c! - b!) / (fifty - ten)),
      ],
      absent: context.absent,
    };
  },
};

async function startMany(context: Context, count: number, words: readonly string[]): Promise<Footprint[]> {
  const host = await context.host("here");
  const { stdout } = await host.run(["sh", "-c", SNAPSHOT, "sh", String(count), ...words]);
  const maps = stdout
    .toString()
    .split(/^== \d+$/m)
    .slice(1);
  return maps.map((map) => footprint(map, MEMORY_MIB * 2 ** 20));
}

function metric(
  name: string,
  totals: ReadonlyMap<string, readonly number[]>,
  pick: (totals: readonly number[]) => number,
): Metric {
  const samples = Object.fromEntries([...totals].map(([who, list]) => [who, [pick(list)]]));
  return { name, unit: "MiB", better: "less", samples };
}
