/** Initramfs archives whose only program measures something of the machine it runs in: `disk.c`, `net.c`, `vsock.c`. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { StockKernel } from "../../scripts/guest-kernel.ts";
import { type CpioEntry, cpio } from "../../src/boot/cpio.ts";
import { readCpio } from "../../src/boot/cpio-read.ts";
import { selectModules } from "../../src/boot/modules.ts";
import type { Times } from "../method/stopwatch.ts";

/** A job's outcome, as the guest's program prints it: `result NAME count nanoseconds`. */
export interface JobResult {
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
  /** Processor time of the host's that the monitor used for it, its guest's included. */
  readonly cpuSeconds: number;
}

/**
 * @param program a file of C beside this one
 * @param modules what it needs of the kernel; their dependencies come along
 * @param scratch a folder
 * @throws Error with what the compiler said
 */
export function writeMeasuringInitramfs(
  program: string,
  kernel: StockKernel,
  modules: readonly string[],
  scratch: string,
): string {
  const name = basename(program, ".c");
  const binary = join(scratch, name);
  const sources = [program, "lib/guest.c"].map((file) => join(import.meta.dirname, file));
  const flags = ["-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-static", "-I", import.meta.dirname];
  const { success, stderr } = Bun.spawnSync(["gcc", ...flags, "-o", binary, ...sources]);
  if (!success) throw new Error(`${program} does not compile (packages gcc, libc6-dev): ${stderr}`);
  // One name for each content: a nested machine that has read a file does not look at it again.
  const path = join(scratch, `${[name, ...modules].join("-")}.cpio`);
  writeFileSync(
    path,
    cpio([
      { kind: "directory", path: "dev" },
      // What the kernel gives its first program as stdin, stdout and stderr.
      { kind: "character device", path: "dev/console", major: 5, minor: 1 },
      { kind: "directory", path: "modules" },
      ...moduleEntries(readFileSync(kernel.modules), modules),
      { kind: "file", path: "init", mode: 0o755, data: readFileSync(binary) },
    ]),
  );
  return path;
}

/** What the stopwatch looks for: when each job begins and ends, in the order of the jobs. */
export function jobMarks(names: readonly string[]): string[] {
  return names.flatMap((name) => [`begin ${name}\r`, `result ${name} `]);
}

/**
 * @param cpuAtMarks processor time in milliseconds at each of `jobMarks(names)`
 * @throws Error when the guest said that it failed, or did not get to its end
 */
export function readResults(
  { output, cpuAtMarks }: Pick<Times, "output" | "cpuAtMarks">,
  names: readonly string[],
): JobResult[] {
  const failure = /^failed: .*$/m.exec(output)?.[0];
  if (failure !== undefined) throw new Error(`the measuring guest ${failure}`);
  if (!/^done\r?$/m.test(output)) throw new Error(`the measuring guest did not end: ${output.slice(-1000)}`);
  const cpuOf = (job: number): number => {
    const [begin = Number.NaN, end = Number.NaN] = cpuAtMarks.slice(2 * job);
    return (end - begin) / 1000;
  };
  return [...output.matchAll(/^result (\S+) (\d+) (\d+)/gm)].map(([, name, count, ns]) => ({
    name: name!,
    count: Number(count),
    seconds: Number(ns) / 1e9,
    cpuSeconds: cpuOf(names.indexOf(name!)),
  }));
}

/** The modules as files whose names sort in the order of loading. */
function moduleEntries(archive: Uint8Array, names: readonly string[]): CpioEntry[] {
  const files = new Map(
    [...readCpio(selectModules(archive, { load: names, offer: [] }))].map((file) => [file.path, file]),
  );
  const order = new TextDecoder().decode(files.get("lib/modules/volt/order")?.data);
  return order
    .split("\n")
    .filter((line) => line !== "")
    .map((line, i) => ({
      kind: "file",
      path: `modules/${String(i).padStart(3, "0")}-${basename(line)}`,
      data: files.get(`lib/modules/${line}`)!.data,
    }));
}
