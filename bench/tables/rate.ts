/** How many VMs a second this machine starts, runs and ends, when several are started at a time. */
import { availableParallelism } from "node:os";
import { writePrintAndEnd } from "../guests/tiny.ts";
import { commandsFor, metricOf, takeTurns } from "./contest.ts";
import type { Table } from "./table.ts";

const LIVES = 20;
/** Runs "$@" `$1` times, `$2` at a time. */
const MANY = 'n=$1; p=$2; shift 2; seq $n | xargs -P $p -I% "$@" >/dev/null';

export const rate: Table = {
  name: "rate",
  async measure(context) {
    const tiny = writePrintAndEnd(context.folder);
    const commands = commandsFor(context, { ...tiny, commandLine: "", memoryMiB: 128, cpus: 1 });
    const atATime = 2 * availableParallelism();
    const runs = Math.min(context.options.quick ? 3 : 10, context.options.runs);
    const rounds = { runs, warmUp: 1 };
    const { samples, absent } = await takeTurns(
      context,
      context.places.tiny,
      [...commands.keys()],
      rounds,
      async (name) => {
        const words = ["sh", "-c", MANY, "sh", String(LIVES), String(atATime), ...commands.get(name)!];
        const { wall, status, output } = await context.time(context.places.tiny, words, { seconds: 120 });
        if (status !== 0) throw new Error(`${name} did not live so often: ${output}`);
        return wall;
      },
    );
    return {
      table: "rate",
      title: "Whole lives a second",
      place: context.places.tiny,
      method: `${LIVES} tiny guests, ${atATime} at a time: twice as many as there are processors.`,
      metrics: [metricOf("lives", "1/s", samples, (ms) => (1000 * LIVES) / ms)],
      absent,
    };
  },
};
