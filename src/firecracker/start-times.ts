/** What the jailer says of its own time and of its children's, for the metrics of a start. */
import { monotonicNs, processCpuNs } from "../../ffi/clock.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import type { FirecrackerArguments } from "./arguments.ts";
import { end } from "./end.ts";
import { Exit } from "./exit-code.ts";
import type { FirecrackerLog } from "./log.ts";

/** Microseconds. */
export interface StartTimes {
  readonly since: number | undefined;
  readonly cpuSince: number | undefined;
  readonly parentCpu: number;
}

export function startTimes(args: FirecrackerArguments, log: FirecrackerLog): StartTimes {
  const us = (flag: "start-time-us" | "start-time-cpu-us" | "parent-cpu-time-us"): number | undefined => {
    const text = args[flag];
    if (text === undefined) return undefined;
    if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return Number(text);
    log.write("error", `--${flag}: "${text}" is no number of microseconds`);
    return end(log, Exit.failure);
  };
  return {
    since: us("start-time-us"),
    cpuSince: us("start-time-cpu-us"),
    parentCpu: us("parent-cpu-time-us") ?? 0,
  };
}

export function measureStartUp({ since, cpuSince, parentCpu }: StartTimes, { startUp }: Counts): void {
  if (since !== undefined) startUp.wallUs = elapsed(monotonicNs(), since);
  if (cpuSince !== undefined) startUp.cpuUs = elapsed(processCpuNs(), cpuSince) + parentCpu;
}

/** Microseconds since a time in microseconds: 0 for one that is yet to come. */
function elapsed(nowNs: number, sinceUs: number): number {
  return Math.max(0, Math.round(nowNs / 1e3 - sinceUs));
}
