/** Starting a monitor, with a guest that takes no time: what the reference report calls VMM init, and the whole life. */
import { writePrintAndEnd } from "../guests/tiny.ts";
import type { Times } from "../method/stopwatch.ts";
import type { Metric } from "../report/result.ts";
import { commandsFor, metricOf, takeTurns } from "./contest.ts";
import type { Table } from "./table.ts";

const MEMORY_MIB = 128;
const RUNNING = "VM is running";
/** volt once more, with the line of its log that the reference waits for. */
const LOGGING = "volt, logging";

export const start: Table = {
  name: "start",
  async measure(context) {
    const tiny = writePrintAndEnd(context.folder);
    const guest = { ...tiny, commandLine: "", memoryMiB: MEMORY_MIB, cpus: 1 };
    const commands = commandsFor(context, guest);
    // volt once more, with the log line that the reference waits for: the line itself is not free.
    const logged = [...commands.get("volt")!, "--log-level", "info"];
    commands.set("floor", [context.floor, tiny.kernel]);
    const rounds = { runs: context.options.runs, warmUp: 2 };
    const names = [LOGGING, ...commands.keys()];
    const { samples, absent } = await takeTurns(context, context.places.tiny, names, rounds, async (name) => {
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
      metrics: metrics(samples),
      absent,
    };
  },
};

function metrics({ [LOGGING]: logged, ...times }: Readonly<Record<string, readonly Times[]>>): Metric[] {
  return [
    metricOf(`to \`${RUNNING}\``, "ms", { volt: logged! }, ({ marks }) => marks[0]),
    metricOf("to the guest's first byte", "ms", times, ({ firstByte }) => firstByte),
    metricOf("whole life", "ms", times, ({ wall }) => wall),
    metricOf("processor time of a whole life", "ms", times, ({ cpu }) => cpu),
  ];
}
