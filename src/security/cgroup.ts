/** Puts volt into a cgroup of version 2 with limits, before the guest's first instruction. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { exists, makeFolder, readTextFile } from "../../ffi/files.ts";
import { ConfigError } from "../config/error.ts";
import type { SandboxConfig } from "./confinement.ts";

type CgroupConfig = NonNullable<SandboxConfig["cgroup"]>;

/** The file of each limit, and what is written there. */
export function cgroupLimits({ memory_mib, cpu_percent, pids }: CgroupConfig): ReadonlyMap<string, string> {
  const limits = new Map<string, string>();
  if (memory_mib !== undefined) limits.set("memory.max", String(memory_mib * 2 ** 20));
  // So many microseconds of each 100,000.
  if (cpu_percent !== undefined) limits.set("cpu.max", `${cpu_percent * 1000} 100000`);
  if (pids !== undefined) limits.set("pids.max", String(pids));
  return limits;
}

/**
 * The whole process, all its threads, and what it becomes by exec.
 * @throws ConfigError: without the limits somebody counts on there is no start
 */
export function enterCgroup(config: CgroupConfig, root = cgroupMount()): void {
  if (root === undefined) throw problem("this host has no cgroup v2 mounted: mount -t cgroup2 none /sys/fs/cgroup");
  const names = config.name.split("/");
  const limits = cgroupLimits(config);
  const controllers = [...limits.keys()].map((file) => `+${file.slice(0, file.indexOf("."))}`);
  let folder = root;
  for (const name of names) {
    // A limit's file is only there where the folder above hands its controller down.
    if (controllers.length > 0) handDown(folder, controllers);
    folder = `${folder}/${name}`;
    if (!exists(folder)) make(folder);
  }
  for (const [file, value] of limits) write(`${folder}/${file}`, value);
  write(`${folder}/cgroup.procs`, "0");
}

/** Where cgroup v2 is mounted: proc_pid_mountinfo(5). */
export function cgroupMount(mounts = readTextFile("/proc/self/mountinfo") ?? ""): string | undefined {
  return /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mounts)?.[1];
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
