/** The timeline as Chrome Trace Event JSON, which Perfetto and chrome://tracing open. */
import type { Mark } from "./timeline.ts";

/** Each phase is a slice that lasts until the next one begins. Times are microseconds, as the format wants. */
export function traceFile(marks: readonly Mark[], pid: number): string {
  const named = { name: "process_name", ph: "M", pid, tid: 0, args: { name: "volt" } };
  const slices = marks.map(({ phase, ms }, i) => ({
    name: phase,
    cat: "start",
    ph: "X",
    ts: ms * 1000,
    dur: Math.max(0, (marks[i + 1]?.ms ?? ms) - ms) * 1000,
    pid,
    tid: 0,
  }));
  return `${JSON.stringify({ displayTimeUnit: "ms", traceEvents: [named, ...slices] })}\n`;
}
