/** Where the time of volt's own start goes, from its trace log. */
import { PRINT_AND_END, writeTinyKernel } from "../guests/tiny.ts";
import type { Table } from "./table.ts";

const LINE = /trace: +(\d+\.\d+) ms {2}(.+)$/gm;

export const phases: Table = {
  name: "phases",
  async measure(context) {
    const kernel = context.file("print-and-end");
    writeTinyKernel(kernel, PRINT_AND_END);
    const guest = { kernel, commandLine: "", memoryMiB: 128, cpus: 1 };
    const command = [...context.volt.command(guest, context.folder)!, "--log-level", "trace"];
    const stamps = new Map<string, number[]>();
    for (let run = -2; run < context.options.runs; run++) {
      const { output, status } = await context.time(context.places.tiny, command);
      if (status !== 0) throw new Error(`volt did not run the tiny guest (status ${status}): ${output}`);
      if (run >= 0) collect(output, stamps);
    }
    return {
      table: "phases",
      title: "Start-up breakdown, from the trace log",
      place: context.places.tiny,
      method:
        "128 MiB, 1 vCPU, the guest that prints one byte and resets. Milliseconds since the kernel started the process.",
      metrics: [],
      // A step that did not happen in every run (what the guest does may come after its end) has no place in the order.
      phases: [...stamps].map(([name, at]) => ({ name, at })).filter(({ at }) => at.length === context.options.runs),
    };
  },
};

/** @param log lines such as `volt: trace:    12.345 ms  KVM initialised` */
export function collect(log: string, into: Map<string, number[]>): void {
  for (const [, ms, name] of log.matchAll(LINE)) {
    const at = into.get(name!) ?? [];
    at.push(Number(ms));
    into.set(name!, at);
  }
}
