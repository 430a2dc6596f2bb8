/** Writes the timeline and the record of exits where `--trace` says. */
import { Fd } from "../../ffi/fd.ts";
import type { ExitRecord } from "../observe/exit-record.ts";
import type { Timeline } from "../observe/timeline.ts";
import { traceFile } from "../observe/trace-file.ts";
import type { MachineLog } from "./log.ts";

/** @param exits by vCPU */
export function writeTrace(fd: number, timeline: Timeline, exits: readonly ExitRecord[], log: MachineLog): void {
  const text = traceFile(timeline.marks(), process.pid, { beginNs: timeline.beginNs, records: exits });
  try {
    new Fd(fd, "the trace file").writeAll(Buffer.from(text));
  } catch (error) {
    log.warn(`the trace is incomplete: ${(error as Error).message}`);
  }
}
