/** close_range(2). */
import { libc } from "./libc.ts";
import { systemCallNumber } from "./system-calls.ts";

const CLOSE_RANGE_CLOEXEC = 4;
const ALL = 0xffff_ffff;

/** Keeps every descriptor from `first` on from surviving an exec. @returns false where the kernel can't (before 5.11) */
export function closeOnExecFrom(first: number): boolean {
  return libc.syscall(systemCallNumber("close_range"), first, ALL, CLOSE_RANGE_CLOEXEC, 0, 0) === 0;
}
