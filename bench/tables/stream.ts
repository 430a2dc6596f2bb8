/** What `stream.c` measures, for the tables that put it on a network or on vsock. */
import { stockKernel } from "../../scripts/guest-kernel.ts";
import type { Context } from "../context.ts";
import { type JobResult, writeMeasuringInitramfs } from "../guests/measuring.ts";
import type { GuestSpec } from "../peers/peer.ts";
import type { Metric, Result } from "../report/result.ts";
import { commandsFor, measureGuests, metricOf } from "./contest.ts";
import { cpuMetric } from "./host-cpu.ts";

const COMMAND_LINE = "console=ttyS0 quiet loglevel=1 reboot=t panic=-1 pci=off";
const MEMORY_MIB = 256;

interface Job {
  readonly name: string;
  readonly title: string;
  readonly way: "send" | "receive" | "echo";
  readonly bytes: number;
}

const JOBS: readonly Job[] = [
  { name: "send", title: "guest to host", way: "send", bytes: 64 * 1024 },
  { name: "receive", title: "host to guest", way: "receive", bytes: 64 * 1024 },
  { name: "echo", title: "round trips of a byte", way: "echo", bytes: 1 },
];

const NAMES = JOBS.map(({ name }) => name);
/** Not reported. */
const WARM_UP_JOBS = ["warm1:send:65536:1000", "warm2:receive:65536:500"];
/** For what a table says of its method. */
export const STREAM_METHOD = "After 1.5 s of sending and receiving, in the same VM";

/**
 * @param words what `stream.c` is told before the jobs
 * @param modules the guest's driver
 * @param devices of the guest: plain, and with vhost
 */
export async function measureStreams(
  context: Context,
  words: readonly string[],
  modules: readonly string[],
  devices: Pick<GuestSpec, "tap" | "vsock">,
): Promise<Pick<Result, "metrics" | "absent">> {
  const kernel = await stockKernel();
  const initrd = writeMeasuringInitramfs("stream.c", kernel, ["virtio_mmio", ...modules], context.folder);
  const milliseconds = context.options.quick ? 500 : 2000;
  const jobs = JOBS.map(({ name, way, bytes }) => [name, way, bytes, milliseconds].join(":"));
  const guest: GuestSpec = {
    ...{ kernel: kernel.vmlinux, bzImage: kernel.bzImage, initrd, memoryMiB: MEMORY_MIB, cpus: 1, ...devices },
    commandLine: `${COMMAND_LINE} -- ${[...words, ...WARM_UP_JOBS, ...jobs].join(" ")}`,
  };
  const plain = commandsFor(context, guest);
  const vhost = commandsFor(context, { ...guest, vhost: true });
  const contenders = new Map([
    ...[...plain].map(([name, command]) => [`${name} plain`, command] as const),
    ...[...vhost].map(([name, command]) => [`${name} vhost`, command] as const),
  ]);
  const { samples, absent } = await measureGuests(context, contenders, { names: NAMES, seconds: 60 });
  const of = (way: "plain" | "vhost") => {
    const present = [...plain.keys()].filter((name) => `${name} ${way}` in samples);
    return Object.fromEntries(present.map((name) => [name, samples[`${name} ${way}`]!]));
  };
  return { metrics: [...metrics("", of("plain")), ...metrics("vhost, ", of("vhost"))], absent };
}

function metrics(prefix: string, results: Readonly<Record<string, JobResult[][]>>): Metric[] {
  const streams = JOBS.filter(({ way }) => way !== "echo");
  const speeds = JOBS.map(({ name, title, way }) => {
    const unit = way === "echo" ? "1/s" : "MiB/s";
    return metricOf(prefix + title, unit, results, (list) => {
      const result = list.find((one) => one.name === name);
      return result && (way === "echo" ? result.count : result.count / 2 ** 20) / result.seconds;
    });
  });
  return [...speeds, ...streams.map(({ name, title }) => cpuMetric(prefix + title, name, 1, results))];
}
