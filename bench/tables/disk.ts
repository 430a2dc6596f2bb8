/** A disk, as a Linux guest sees it: requests a second, and bytes. */
import { join } from "node:path";
import { stockKernel } from "../../scripts/guest-kernel.ts";
import { type JobResult, writeMeasuringInitramfs } from "../guests/measuring.ts";
import type { Metric } from "../report/result.ts";
import { commandsFor, measureGuests, metricOf } from "./contest.ts";
import { CPU_METHOD, cpuMetric } from "./host-cpu.ts";
import type { Table } from "./table.ts";

const DISK_MIB = 256;
const KIB = 1024;

interface Job {
  readonly name: string;
  readonly title: string;
  readonly way: "read" | "write";
  readonly order: "random" | "sequential";
  readonly bytes: number;
  readonly depth: number;
}

const JOBS: readonly Job[] = [
  { name: "rr1", title: "4 KiB random reads, depth 1", way: "read", order: "random", bytes: 4 * KIB, depth: 1 },
  { name: "rr32", title: "4 KiB random reads, depth 32", way: "read", order: "random", bytes: 4 * KIB, depth: 32 },
  { name: "rw1", title: "4 KiB random writes, depth 1", way: "write", order: "random", bytes: 4 * KIB, depth: 1 },
  { name: "rw32", title: "4 KiB random writes, depth 32", way: "write", order: "random", bytes: 4 * KIB, depth: 32 },
  { name: "sr", title: "1 MiB sequential reads", way: "read", order: "sequential", bytes: KIB * KIB, depth: 4 },
  { name: "sw", title: "1 MiB sequential writes", way: "write", order: "sequential", bytes: KIB * KIB, depth: 4 },
];
const NAMES = JOBS.map(({ name }) => name);
/** Not reported. */
const WARM_UP_JOB = "warm:read:random:4096:32:1000";
const COMMAND_LINE = "console=ttyS0 quiet loglevel=1 reboot=t panic=-1 pci=off";

export const disk: Table = {
  name: "disk",
  async measure(context) {
    const kernel = await stockKernel();
    const initrd = writeMeasuringInitramfs("disk.c", kernel, ["virtio_mmio", "virtio_blk"], context.folder);
    const host = await context.host(context.places.linux);
    const image = join(context.folder, "disk.img");
    // Written there: what is in the page cache of the one need not be in the other's.
    await host.run(["sh", "-c", `mkdir -p ${context.folder}; head -c ${DISK_MIB}M /dev/zero | tr '\\0' x >${image}`]);
    const milliseconds = context.options.quick ? 500 : 2000;
    const words = JOBS.map(({ name, way, order, bytes, depth }) =>
      [name, way, order, bytes, depth, milliseconds].join(":"),
    );
    const commands = commandsFor(context, {
      ...{ kernel: kernel.vmlinux, bzImage: kernel.bzImage, initrd, memoryMiB: 256, cpus: 1, disk: image },
      commandLine: `${COMMAND_LINE} -- ${[WARM_UP_JOB, ...words].join(" ")}`,
    });
    const { samples: results, absent } = await measureGuests(context, commands, { names: NAMES, seconds: 90 });
    return {
      table: "disk",
      title: "A virtio disk",
      place: context.places.linux,
      method: `A raw file of ${DISK_MIB} MiB in the host's page cache, O_DIRECT in the guest, ${milliseconds / 1000} s a job, after 1 s of random reads in the same VM, 1 vCPU. QEMU with aio=io_uring. ${CPU_METHOD}`,
      metrics: [
        ...JOBS.map((job) => metricOfJob(job, results)),
        ...JOBS.map(({ name, title, bytes }) => cpuMetric(title, name, bytes, results)),
      ],
      absent,
    };
  },
};

function metricOfJob({ name, title, bytes, order }: Job, results: Readonly<Record<string, JobResult[][]>>): Metric {
  const isStream = order === "sequential";
  return metricOf(title, isStream ? "MiB/s" : "1/s", results, (list) => {
    const result = list.find((one) => one.name === name);
    return result && ((isStream ? bytes / 2 ** 20 : 1) * result.count) / result.seconds;
  });
}
