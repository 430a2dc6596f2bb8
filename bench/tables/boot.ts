/** Booting Linux: the reference's way, to a panic for want of a root file system; and to user space and back. */
import { builtKernelIfThere, stockKernel } from "../../scripts/guest-kernel.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { readKernelLog, slowestSteps } from "../../src/explain/kernel-log.ts";
import { commandLine } from "../../src/machine/command-line.ts";
import type { Context } from "../context.ts";
import { msToUserSpace, USER_SPACE, writeShortInitramfs } from "../guests/linux.ts";
import type { StopwatchOptions, Times } from "../method/stopwatch.ts";
import type { GuestSpec } from "../peers/peer.ts";
import type { Metric } from "../report/result.ts";
import { type Contest, commandsFor, metricOf, takeTurns } from "./contest.ts";
import type { Table } from "./table.ts";

/** The reference's command line, whose kernel talks all the while. */
const REFERENCE = "console=ttyS0 reboot=k panic=1 pci=off";
/** volt's own default. */
const DEFAULT = commandLine(parseConfig({}, "", (field) => field));
/** One that keeps silent and waits for nothing; every monitor here can end a guest by a triple fault. */
const QUIET = DEFAULT.replace("reboot=k", "reboot=t");
const PANIC = "Kernel panic - not syncing";
const MEMORY_MIB = 128;
const STEPS = 10;
/** Where a boot takes seconds, twenty of them twice over for each program are too many. */
const MOST_RUNS = 10;

export const boot: Table = {
  name: "boot",
  async measure(context) {
    const kernel = await stockKernel();
    const initrd = writeShortInitramfs(context.folder);
    const guest = { kernel: kernel.vmlinux, bzImage: kernel.bzImage, memoryMiB: MEMORY_MIB, cpus: 1 };
    const toPanic = await race(context, { ...guest, commandLine: REFERENCE }, { killAt: PANIC });
    const toQuietPanic = await race(context, { ...guest, commandLine: DEFAULT }, { killAt: PANIC });
    const toUserSpace = await race(context, { ...guest, commandLine: QUIET, initrd }, { marks: [USER_SPACE] });
    const own = builtKernelIfThere();
    const ownToUserSpace =
      own && (await race(context, { ...guest, kernel: own, commandLine: QUIET, initrd }, { marks: [USER_SPACE] }));
    return {
      table: "boot",
      title: `Linux boot, Debian's ${kernel.version}`,
      place: context.places.linux,
      method: `${MEMORY_MIB} MiB, 1 vCPU. To the panic: no root, \`${REFERENCE}\`; quietly, with volt's default, \`${DEFAULT}\`. To user space: an init that prints and resets, \`${QUIET}\`.${own ? " volt's own kernel: `volt kernel build`." : ""}`,
      metrics: [
        metricOf("process start to kernel panic", "ms", toPanic.samples, ({ marks }) => marks[0]),
        metricOf("by the kernel's own clock, to that panic", "ms", toPanic.samples, ({ output }) => kernelMs(output)),
        metricOf(
          "process start to kernel panic, volt's default command line",
          "ms",
          toQuietPanic.samples,
          ({ marks }) => marks[0],
        ),
        ...userSpace("", toUserSpace.samples),
        ...(ownToUserSpace ? userSpace("volt's own kernel, ", ownToUserSpace.samples) : []),
      ],
      facts: slowest(toPanic.samples["volt"]!.at(-1)!.output),
      absent: [
        ...toPanic.absent,
        ...(own ? [] : ["volt's own kernel (node scripts/bootstrap.mjs scripts/guest-kernel.ts volt)"]),
      ],
    };
  },
};

function userSpace(prefix: string, times: Readonly<Record<string, readonly Times[]>>): Metric[] {
  return [
    metricOf(`${prefix}process start to user space`, "ms", times, ({ marks }) => marks[0]),
    metricOf(`${prefix}VM made to user space, by its own counter`, "ms", times, ({ output }) => msToUserSpace(output)),
    metricOf(`${prefix}whole life`, "ms", times, ({ wall }) => wall),
  ];
}

function kernelMs(console: string): number | undefined {
  const panic = readKernelLog(console).find(({ text }) => text.startsWith(PANIC));
  return panic && panic.at * 1000;
}

/** The kernel's longest steps in one of volt's boots. */
function slowest(console: string): [string, string][] {
  return slowestSteps(readKernelLog(console), STEPS).map(({ seconds, after, before }) => {
    return [`${(seconds * 1000).toFixed(0)} ms`, `${before} (after: ${after})`];
  });
}

async function race(context: Context, guest: GuestSpec, options: StopwatchOptions): Promise<Contest<string, Times>> {
  const commands = commandsFor(context, guest);
  const runs = Math.min(context.options.quick ? 3 : MOST_RUNS, context.options.runs);
  return await takeTurns(context, context.places.linux, [...commands.keys()], { runs, warmUp: 1 }, async (name) => {
    const times = await context.time(context.places.linux, commands.get(name)!, { ...options, seconds: 60 });
    if (times.marks[0] === undefined)
      throw new Error(`${name} did not boot Linux (status ${times.status}): ${times.output.slice(-2000)}`);
    return times;
  });
}
