/** Writes the timeline where `--trace` says. */
import { Fd } from "../../ffi/fd.ts";
import type { Timeline } from "../observe/timeline.ts";
import { traceFile } from "../observe/trace-file.ts";
import type { MachineLog } from "./log.ts";

export function writeTrace(fd: number, timeline: Timeline, log: MachineLog): void {
  try {
    new Fd(fd, "the trace file").writeAll(Buffer.from(traceFile(timeline.marks(), process.pid)));
  } catch (error) {
    log.warn(`the trace is incomplete: ${(error as Error).message}`);
  }
}
