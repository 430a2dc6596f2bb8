/** The scheduler. */
import { libc } from "./libc.ts";

/** Lets another thread have the CPU; returns at once where none wants it. Never fails on Linux. */
export function schedYield(): void {
  libc.sched_yield();
}
