/** What it costs a guest to leave KVM_RUN and come back, beside the same loop in C. */
import { EXITS, exitLoop, LOOP_MARKS, writeTinyKernel } from "../guests/tiny.ts";
import type { Metric } from "../report/result.ts";
import { commandsFor, metricOf, takeTurns } from "./contest.ts";
import type { Table } from "./table.ts";

const TIMES = 10_000;

export const exits: Table = {
  name: "exits",
  async measure(context) {
    const runs = Math.min(10, context.options.runs);
    const metrics: Metric[] = [];
    const absent = new Set(context.absent);
    for (const [kind, code] of Object.entries(EXITS)) {
      const kernel = context.file(`loop-${kind.replace(" ", "-")}`);
      writeTinyKernel(kernel, exitLoop(code, TIMES));
      const commands = commandsFor(context, { kernel, commandLine: "", memoryMiB: 128, cpus: 1 });
      commands.set("floor", [context.floor, kernel]);
      const rounds = { runs, warmUp: 1 };
      const turns = await takeTurns(context, context.places.tiny, [...commands.keys()], rounds, async (name) => {
        const { marks, output } = await context.time(context.places.tiny, commands.get(name)!, { marks: LOOP_MARKS });
        const [begin, end] = marks;
        if (begin === undefined || end === undefined) throw new Error(`${name} did not run the loop: ${output}`);
        return ((end - begin) * 1000) / TIMES;
      });
      metrics.push(metricOf(kind, "µs", turns.samples, (us) => us));
      for (const who of turns.absent) absent.add(who);
    }
    return {
      table: "exits",
      title: "An exit to user space",
      place: context.places.tiny,
      method: `A guest that does it ${TIMES.toLocaleString("en")} times, to a port or an address that belongs to nobody; CPUID is answered inside KVM. \`floor\` is the loop in C.`,
      metrics,
      absent: [...absent],
    };
  },
};
