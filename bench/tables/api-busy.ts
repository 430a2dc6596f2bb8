/** How long an answer of the control API takes while every vCPU and a disk are at work. */
import { join } from "node:path";
import { stockKernel } from "../../scripts/guest-kernel.ts";
import { writeMeasuringInitramfs } from "../guests/measuring.ts";
import { inRounds } from "../method/rounds.ts";
import { answersOf, latencies, MOST_RUNS, REQUESTS } from "./api.ts";
import type { Table } from "./table.ts";

const CPUS = 2;
const DISK_MIB = 64;
const COMMAND_LINE = "console=ttyS0 quiet loglevel=1 reboot=t panic=-1 pci=off";

export const apiBusy: Table = {
  name: "api-busy",
  async measure(context) {
    const place = context.places.linux;
    const kernel = await stockKernel();
    const initrd = writeMeasuringInitramfs("busy.c", kernel, ["virtio_mmio", "virtio_blk"], context.folder);
    const image = join(context.folder, "busy.img");
    const host = await context.host(place);
    await host.run(["sh", "-c", `mkdir -p ${context.folder}; head -c ${DISK_MIB}M /dev/zero | tr '\\0' x >${image}`]);
    const command = context.volt.command(
      { kernel: kernel.vmlinux, initrd, commandLine: COMMAND_LINE, memoryMiB: 256, cpus: CPUS, disk: image },
      context.folder,
    )!;
    const runs = Math.min(context.options.quick ? 3 : MOST_RUNS, context.options.runs);
    const { busy } = await inRounds(["busy"], { runs, warmUp: 1 }, (_, round) =>
      answersOf(context, place, command, { name: `api-busy-${round}`, text: "busy" }),
    );
    return {
      table: "api-busy",
      title: "The control API of a guest at work",
      place,
      method: `\`GET /\` ${REQUESTS} times on one connection to a Linux guest: on each of ${CPUS} vCPUs one process counts and one reads 4 KiB from all over a disk. p50 and p99 of each run.`,
      metrics: latencies("every vCPU and a disk busy", busy!),
    };
  },
};
