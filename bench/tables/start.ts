/** Starting a monitor, with a guest that takes no time: what the reference report calls VMM init, and the whole life. */
import { writePrintAndEnd } from "../guests/tiny.ts";
import { inRounds } from "../method/rounds.ts";
import type { Times } from "../method/stopwatch.ts";
import type { Metric } from "../report/result.ts";
import { commandsFor } from "./contest.ts";
import type { Table } from "./table.ts";

const MEMORY_MIB = 128;
const RUNNING = "VM is running";

export const start: Table = {
  name: "start",
  async measure(context) {
    const tiny = writePrintAndEnd(context.folder);
    const guest = { ...tiny, commandLine: "", memoryMiB: MEMORY_MIB, cpus: 1 };
    const commands = commandsFor(context, guest);
    // volt once more, with the log line that the reference waits for: the line itself is not free.
    const logged = [...commands.get("volt")!, "--log-level", "info"];
    commands.set("floor", [context.floor, tiny.kernel]);
    const names = ["volt, logging", ...commands.keys()];
    const times = await inRounds(names, { runs: context.options.runs, warmUp: 2 }, async (name) => {
      const measured = await context.time(context.places.tiny, commands.get(name) ?? logged, {
        marks: [RUNNING],
      });
      if (measured.firstByte === undefined) throw new Error(`${name} did not run the tiny guest: ${measured.output}`);
      return measured;
    });
    return {
      table: "start",
      title: "Start and whole life, with a guest that prints one byte and resets",
      place: context.places.tiny,
      method: `${MEMORY_MIB} MiB, 1 vCPU. From just before the fork of the monitor's process. \`floor\` is a C program that does no more than it must for this very guest; kvmtool (\`lkvm\`) gets it as 16-bit code.`,
      metrics: metrics(times, [...commands.keys()]),
      absent: context.absent,
    };
  },
};

function metrics(times: Readonly<Record<string, readonly Times[]>>, names: readonly string[]): Metric[] {
  const metric = (name: string, pick: (times: Times) => number): Metric => ({
    name,
    unit: "ms",
    better: "less",
    samples: Object.fromEntries(names.map((contender) => [contender, times[contender]!.map(pick)])),
  });
  const running = times["volt, logging"]!.map(({ marks }) => marks[0] ?? Number.NaN);
  return [
    { name: `to \`${RUNNING}\``, unit: "ms", better: "less", samples: { volt: running } },
    metric("to the guest's first byte", ({ firstByte }) => firstByte!),
    metric("whole life", ({ wall }) => wall),
    metric("processor time of a whole life", ({ cpu }) => cpu),
  ];
}
