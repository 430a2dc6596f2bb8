/** How much of the memory that volt's cgroup allows is left for a guest. cgroup v2: cgroup-v2.rst, "Memory". */
import { readTextFile } from "../../ffi/files.ts";
import { ConfigError } from "../config/error.ts";
import { cgroupMount } from "../security/cgroup.ts";

const MIB = 2 ** 20;
/** What a guest gets where nothing is said: the default of the configuration, which a shared limit may only lower. */
const USUAL_MIB = 128;
/**
 * What volt takes beside the guest's memory, and all of it counts against the limit: its own memory and the pages of its
 * executable that it keeps using (measured: docs/containers.md), a thread a vCPU, and the kernel's tables for the
 * guest's memory, which grow with it.
 */
const OWN_MIB = 40;
const OWN_MIB_PER_CPU = 2;
const TABLES_SHARE = 1 / 64;
/** No Linux boots in less. */
const LEAST_MIB = 16;

type Read = (path: string) => string | undefined;

/**
 * The guest's memory in MiB, where a cgroup limits volt's: a limit on volt's very own group (a container's, a service's) is
 * there for it, so the guest gets what volt leaves of it. A limit further up is shared with others, and only lowers the
 * default.
 * @returns undefined where no limit counts
 * @throws ConfigError when a limit leaves nothing for a guest
 */
export function memoryForGuest(cpus: number, read: Read = readQuietly): number | undefined {
  const limits = memoryLimits(read);
  const least = Math.min(...limits.map(({ bytes }) => bytes));
  if (!Number.isFinite(least)) return undefined;
  const beside = OWN_MIB + OWN_MIB_PER_CPU * cpus + (least / MIB) * TABLES_SHARE;
  // Even: huge pages have 2 MiB.
  const left = 2 * Math.floor((least / MIB - beside) / 2);
  if (left < LEAST_MIB) {
    const has = `the cgroup's limit of ${Math.floor(least / MIB)} MiB leaves no room for a guest`;
    throw new ConfigError(
      "",
      "--memory",
      `${has} beside volt's own ${Math.ceil(beside)} MiB: raise it, or give the flag`,
    );
  }
  const isOurs = limits.some(({ isOwn }) => isOwn);
  return isOurs ? Math.min(left, physicalMib(read)) : Math.min(left, USUAL_MIB);
}

interface Limit {
  readonly bytes: number;
  /** Of the very group that volt is in. */
  readonly isOwn: boolean;
}

/** From volt's group up to the root that is in sight: a container sees no further than its own. */
function memoryLimits(read: Read): Limit[] {
  const mount = cgroupMount(read("/proc/self/mountinfo") ?? "");
  const own = /^0::(\/.*)$/m.exec(read("/proc/self/cgroup") ?? "")?.[1];
  if (mount === undefined || own === undefined) return [];
  const names = own.split("/").filter((name) => name !== "");
  return names
    .concat("")
    .map((_, i) => [mount, ...names.slice(0, names.length - i)].join("/"))
    .map((folder, i) => ({ bytes: bytesOf(read(`${folder}/memory.max`)), isOwn: i === 0 }))
    .filter(({ bytes }) => Number.isFinite(bytes));
}

/** "max" is none; so is no file: the root of all has none, nor has a group without the controller. */
function bytesOf(text: string | undefined): number {
  return /^\d+$/.test(text?.trim() ?? "") ? Number(text) : Number.POSITIVE_INFINITY;
}

/** A limit may be higher than what there is. */
function physicalMib(read: Read): number {
  const kib = /^MemTotal:\s+(\d+) kB$/m.exec(read("/proc/meminfo") ?? "")?.[1];
  return kib === undefined ? Number.POSITIVE_INFINITY : 2 * Math.floor(Number(kib) / 2048);
}

/** What can't be read limits nothing that is known of. */
function readQuietly(path: string): string | undefined {
  try {
    return readTextFile(path);
  } catch {
    return undefined;
  }
}
