/** Whether the processors that the tests run on are emulated by software: those of a nested machine, at a tenth of the speed. */
import { readFileSync } from "node:fs";

export const EMULATED = /^model name\s*: QEMU TCG/m.test(readFileSync("/proc/cpuinfo", "utf8"));

/** How often something is done: a tenth as often where each time takes ten times as long. */
export function times(count: number): number {
  return EMULATED ? Math.ceil(count / 10) : count;
}

/** How long something may take at most: ten times longer where everything does. */
export function atMost(milliseconds: number): number {
  return EMULATED ? 10 * milliseconds : milliseconds;
}
