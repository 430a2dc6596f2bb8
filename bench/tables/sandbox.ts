/** What the sandbox costs: the same tiny guest with all layers, without each of them, and without any. */
import { PRINT_AND_END, writeTinyKernel } from "../guests/tiny.ts";
import { inRounds } from "../method/rounds.ts";
import { metricOf } from "./contest.ts";
import type { Table } from "./table.ts";

const OFF = { seccomp: "--no-seccomp", Landlock: "--no-landlock", namespaces: "--no-namespaces" };

export const sandbox: Table = {
  name: "sandbox",
  async measure(context) {
    const kernel = context.file("print-and-end");
    writeTinyKernel(kernel, PRINT_AND_END);
    const whole = context.volt.command({ kernel, commandLine: "", memoryMiB: 128, cpus: 1 }, context.folder)!;
    const commands = new Map<string, readonly string[]>([
      ["volt", whole],
      ...Object.entries(OFF).map(([layer, flag]) => [`without ${layer}`, [...whole, flag]] as const),
      ["without any", [...whole, ...Object.values(OFF)]],
    ]);
    const runs = await inRounds([...commands.keys()], { runs: context.options.runs, warmUp: 2 }, async (name) => {
      const times = await context.time(context.places.tiny, commands.get(name)!);
      if (times.status !== 0) throw new Error(`volt ${name}: status ${times.status}: ${times.output}`);
      return times;
    });
    return {
      table: "sandbox",
      title: "The sandbox, by layer",
      place: context.places.tiny,
      method:
        "The guest that prints one byte and resets, 128 MiB, 1 vCPU. The ratios are what a layer costs a whole life.",
      metrics: [
        metricOf("whole life", "ms", runs, ({ wall }) => wall),
        metricOf("to the guest's first byte", "ms", runs, ({ firstByte }) => firstByte),
        metricOf("processor time of a whole life", "ms", runs, ({ cpu }) => cpu),
      ],
    };
  },
};
