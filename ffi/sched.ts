/** The scheduler. */
import { layout, u64 } from "./abi.ts";
import { check } from "./error.ts";
import { libc } from "./libc.ts";

export const RUSAGE = layout("struct rusage", "sys/resource.h", 144, { ru_nvcsw: u64(128) });

const RUSAGE_THREAD = 1;
const rusage = new Uint32Array(RUSAGE.size / 4);

const THIS_THREAD = 0;
/** glibc's cpu_set_t: CPUs 0 to 1023. */
const CPU_SET_BYTES = 128;
export const MAX_CPUS = CPU_SET_BYTES * 8;

/** Lets another thread have the CPU; returns at once where none wants it. Never fails on Linux. */
export function schedYield(): void {
  libc.sched_yield();
}

/**
 * How often the calling thread gave its CPU away to wait for something, modulo 2^32. To have it taken away does not count.
 * Allocates nothing.
 */
export function voluntarySwitches(): number {
  libc.getrusage(RUSAGE_THREAD, rusage);
  return rusage[RUSAGE.fields.ru_nvcsw.offset / 4]!;
}

/** The calling thread runs on these CPUs of the host and no other. @throws SystemError EINVAL where none is usable */
export function setAffinity(cpus: readonly number[]): void {
  const set = new Uint8Array(CPU_SET_BYTES);
  for (const cpu of cpus) set[cpu >> 3]! |= 1 << (cpu & 7);
  check(libc.sched_setaffinity(THIS_THREAD, CPU_SET_BYTES, set), "sched_setaffinity", `CPUs ${cpus}`);
}

/** The CPUs the calling thread may run on. */
export function affinity(): number[] {
  const set = new Uint8Array(CPU_SET_BYTES);
  check(libc.sched_getaffinity(THIS_THREAD, CPU_SET_BYTES, set), "sched_getaffinity", "this thread");
  return Array.from({ length: MAX_CPUS }, (_, cpu) => cpu).filter((cpu) => (set[cpu >> 3]! >> (cpu & 7)) & 1);
}
