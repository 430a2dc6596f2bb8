/** Puts volt into a cgroup of version 2 with limits, before the guest's first instruction. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { exists, makeFolder, readTextFile } from "../../ffi/files.ts";
import { ConfigError } from "../config/error.ts";
import { backingDevice } from "./backing-device.ts";
import type { SandboxConfig } from "./confinement.ts";

type CgroupConfig = NonNullable<SandboxConfig["cgroup"]>;

/** The file of each limit, and what is written there: a text for each device that the limit is of. */
export function cgroupLimits(
  { memory_mib, cpu_percent, pids, io }: CgroupConfig,
  devices: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const limits = new Map<string, readonly string[]>();
  if (memory_mib !== undefined) limits.set("memory.max", [String(memory_mib * 2 ** 20)]);
  // So many microseconds of each 100,000.
  if (cpu_percent !== undefined) limits.set("cpu.max", [`${cpu_percent * 1000} 100000`]);
  if (pids !== undefined) limits.set("pids.max", [String(pids)]);
  if (io !== undefined) {
    const words = ioWords(io);
    limits.set(
      "io.max",
      devices.map((device) => `${device} ${words}`),
    );
  }
  return limits;
}

/** The devices whose limits io's are: those that a VM's disks lie on, each once. @throws ConfigError, SystemError */
export function limitedDevices({ io }: CgroupConfig, disks: readonly string[]): string[] {
  return io === undefined ? [] : [...new Set(disks.map((path) => backingDevice(path)))];
}

/**
 * The whole process, all its threads, and what it becomes by exec.
 * @param devices see `limitedDevices`
 * @throws ConfigError: without the limits somebody counts on there is no start
 */
export function enterCgroup(config: CgroupConfig, devices: readonly string[], root = cgroupMount()): void {
  if (root === undefined) throw problem("this host has no cgroup v2 mounted: mount -t cgroup2 none /sys/fs/cgroup");
  const names = config.name.split("/");
  const limits = cgroupLimits(config, devices);
  const controllers = controllersOf(limits.keys());
  let folder = root;
  for (const name of names) {
    // A limit's file is only there where the folder above hands its controller down.
    if (controllers.length > 0) handDown(folder, controllers);
    folder = `${folder}/${name}`;
    if (!exists(folder)) make(folder);
  }
  for (const [file, values] of limits) for (const value of values) write(`${folder}/${file}`, value);
  write(`${folder}/cgroup.procs`, "0");
}

/** Where cgroup v2 is mounted: proc_pid_mountinfo(5). */
export function cgroupMount(mounts = readTextFile("/proc/self/mountinfo") ?? ""): string | undefined {
  return /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mounts)?.[1];
}

/** io.max, as in the kernel's admin-guide/cgroup-v2. */
function ioWords({ rbps_mib, wbps_mib, riops, wiops }: NonNullable<CgroupConfig["io"]>): string {
  const bytes = (mib: number | undefined) => (mib === undefined ? undefined : mib * 2 ** 20);
  const words = { rbps: bytes(rbps_mib), wbps: bytes(wbps_mib), riops, wiops };
  return Object.entries(words)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join(" ");
}

function controllersOf(files: Iterable<string>): string[] {
  const names = new Set([...files].map((file) => file.slice(0, file.indexOf("."))));
  // What goes through the page cache is written back for the cgroup whose memory it is: without that it has no limit.
  if (names.has("io")) names.add("memory");
  return [...names].map((name) => `+${name}`);
}

function handDown(folder: string, controllers: readonly string[]): void {
  const path = `${folder}/cgroup.subtree_control`;
  const there = (readTextFile(path) ?? "").trim().split(/\s+/);
  const missing = controllers.filter((controller) => !there.includes(controller.slice(1)));
  if (missing.length > 0) write(path, missing.join(" "));
}

function make(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw mended(error, folder);
  }
}

function write(path: string, text: string): void {
  try {
    using file = Fd.open(path, O.WRONLY);
    file.writeAll(Buffer.from(text));
  } catch (error) {
    throw mended(error, path);
  }
}

function mended(error: unknown, path: string): ConfigError {
  switch (error instanceof SystemError ? error.errno : 0) {
    case Errno.EACCES:
    case Errno.EPERM:
      return problem(`${path}: permission denied: have a cgroup delegated to this user, or run as root`);
    case Errno.ENOENT:
      return problem(`${path}: this host's cgroup v2 has no such controller: see cgroup.controllers`);
    case Errno.EBUSY:
      return problem(`${path}: a cgroup with processes hands no controllers down: name one beside it`);
    default:
      return problem(`${error instanceof Error ? error.message : error}`);
  }
}

function problem(text: string): ConfigError {
  return new ConfigError("", "--cgroup", text);
}
