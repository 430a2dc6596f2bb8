/** `--boot-timer`: the log says how long a guest took to its user space. */
import { monotonicNs, processCpuNs } from "../../ffi/clock.ts";
import type { FirecrackerLog } from "./log.ts";

/** When the start was asked for, in nanoseconds: of the monotonic clock, and of CPU time. Both go on across an exec. */
export interface BootBegin {
  readonly wallNs: number;
  readonly cpuNs: number;
}

export function beginBoot(): BootBegin {
  return { wallNs: monotonicNs(), cpuNs: processCpuNs() };
}

/** @param atNs when the guest said so: its CPU time is taken when volt's main thread hears of it, a moment later */
export function logBootTime(log: FirecrackerLog, { wallNs, cpuNs }: BootBegin, atNs: number): void {
  log.write("info", bootTimeLine(atNs - wallNs, processCpuNs() - cpuNs), "bootTimer");
}

export function bootTimeLine(wallNs: number, cpuNs: number): string {
  const us = (ns: number): string => String(Math.floor(ns / 1e3)).padStart(6);
  const ms = (ns: number): number => Math.floor(ns / 1e6);
  return `Guest-boot-time = ${us(wallNs)} us ${ms(wallNs)} ms, ${us(cpuNs)} CPU us ${ms(cpuNs)} CPU ms`;
}
