/** The timeline as Chrome Trace Event JSON, which Perfetto and chrome://tracing open. */
import type { ExitRecord } from "./exit-record.ts";
import type { Mark } from "./timeline.ts";

/** One vCPU's exits in the file. Times are milliseconds since the process started. */
export interface TracedExits {
  readonly vcpu: number;
  readonly ports: ExitRecord["ports"];
  readonly runs: readonly {
    readonly kind: "port" | "mmio";
    readonly address: number;
    readonly count: number;
    readonly begin: number;
    readonly end: number;
  }[];
  readonly lost: number;
}

export interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  /** Microseconds. */
  readonly ts?: number;
  readonly dur?: number;
}

/** The file's content. */
export interface Trace {
  readonly displayTimeUnit: "ms";
  readonly traceEvents: readonly TraceEvent[];
  /** The format's place for what it has no word for. */
  readonly otherData: { readonly exits: readonly TracedExits[] };
}

/**
 * Each phase is a slice that lasts until the next one begins. Times are microseconds, as the format wants.
 * @param exits by vCPU, and when the process started by their clock
 */
export function traceFile(
  marks: readonly Mark[],
  pid: number,
  exits: { readonly beginNs: number; readonly records: readonly ExitRecord[] },
): string {
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
  const ms = (ns: number): number => (ns - exits.beginNs) / 1e6;
  const traced = exits.records.map(({ ports, runs, lost }, vcpu) => ({
    ...{ vcpu, ports, lost },
    runs: runs.map(({ beginNs, endNs, ...run }) => ({ ...run, begin: ms(beginNs), end: ms(endNs) })),
  }));
  const trace: Trace = {
    displayTimeUnit: "ms",
    traceEvents: [named, ...slices],
    otherData: { exits: traced },
  };
  return `${JSON.stringify(trace)}\n`;
}
