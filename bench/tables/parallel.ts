/** Several processors of one guest at work. */
import { stockKernel } from "../../scripts/guest-kernel.ts";
import { writeMeasuringInitramfs } from "../guests/measuring.ts";
import { commandsFor, measureGuests, metricOf } from "./contest.ts";
import type { Table } from "./table.ts";

const CPUS = 4;
const JOBS = [
  { name: "sum1", kind: "sum", processes: 1, unit: "MiB/s", title: "one sums up memory" },
  { name: "sum4", kind: "sum", processes: CPUS, unit: "MiB/s", title: "all sum up memory, together" },
  { name: "pass4", kind: "pass", processes: CPUS, unit: "1/s", title: "a byte passed on from one to the next, steps" },
] as const;
const COMMAND_LINE = "console=ttyS0 quiet loglevel=1 reboot=t panic=-1 pci=off";

export const parallel: Table = {
  name: "parallel",
  async measure(context) {
    const kernel = await stockKernel();
    const initrd = writeMeasuringInitramfs("parallel.c", kernel, [], context.folder);
    const milliseconds = context.options.quick ? 500 : 2000;
    const words = JOBS.map(({ name, kind, processes }) => [name, kind, processes, milliseconds].join(":"));
    const commands = commandsFor(context, {
      ...{ kernel: kernel.vmlinux, bzImage: kernel.bzImage, initrd, memoryMiB: 256, cpus: CPUS },
      commandLine: `${COMMAND_LINE} -- ${words.join(" ")}`,
    });
    const { samples: results, absent } = await measureGuests(context, commands, { names: [], seconds: 90 });
    return {
      table: "parallel",
      title: `${CPUS} processors of a guest at work`,
      place: context.places.linux,
      method: `${CPUS} vCPUs, a process pinned to each, ${milliseconds / 1000} s a job. Passing a byte on wakes a processor that sleeps, each time.`,
      metrics: JOBS.map(({ name, title, unit }) =>
        metricOf(title, unit, results, (list) => {
          const result = list.find((one) => one.name === name);
          return result && result.count / result.seconds;
        }),
      ),
      absent,
    };
  },
};
