/** Limits of a process: setrlimit(2). */
import { layout, pack, u64 } from "./abi.ts";

export const RLIMIT64 = layout("struct rlimit64", "sys/resource.h", 16, { rlim_cur: u64(0), rlim_max: u64(8) });
export const RLIMIT = { CORE: 4, NOFILE: 7 } as const;

/** What prlimit64(2) takes to set both the soft and the hard limit. */
export function limit(value: number): Uint8Array {
  return pack(RLIMIT64, { rlim_cur: value, rlim_max: value });
}
