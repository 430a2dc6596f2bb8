/** Clocks that every thread and process of the host reads alike (Bun's own start at zero in each thread). */
import { layout, u64 } from "./abi.ts";
import { libc } from "./libc.ts";

export const TIMESPEC = layout("struct timespec", "time.h", 16, { tv_sec: u64(0), tv_nsec: u64(8) });

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_PROCESS_CPUTIME_ID = 2;

const timespec = new Uint32Array(TIMESPEC.size / 4);

/** Nanoseconds of CLOCK_MONOTONIC, exact for 104 days of uptime. Allocates nothing. */
export function monotonicNs(): number {
  return now(CLOCK_MONOTONIC);
}

/** Milliseconds since 1970, CLOCK_REALTIME. */
export function realtimeMs(): number {
  return now(CLOCK_REALTIME) / 1e6;
}

/** Nanoseconds of CPU time that all threads of the process took, since it began: an exec does not begin it anew. */
export function processCpuNs(): number {
  return now(CLOCK_PROCESS_CPUTIME_ID);
}

function now(clock: number): number {
  libc.clock_gettime(clock, timespec);
  const seconds = timespec[1]! * 0x1_0000_0000 + timespec[0]!;
  return seconds * 1e9 + timespec[2]!;
}
