/** A start's timeline, from the file `--trace` writes, as a table with bars. */

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  /** Microseconds. */
  readonly ts?: number;
  readonly dur?: number;
}

const BAR = 40;

export function timelineTable({ traceEvents }: { readonly traceEvents: readonly TraceEvent[] }): string {
  const slices = traceEvents.filter(({ ph }) => ph === "X");
  const end = Math.max(...slices.map(({ ts = 0, dur = 0 }) => ts + dur), 1);
  const width = Math.max(...slices.map(({ name }) => name.length));
  const rows = slices.map(({ name, ts = 0, dur = 0 }) => {
    const from = Math.min(BAR - 1, Math.floor((ts / end) * BAR));
    const length = Math.max(1, Math.round((dur / end) * BAR));
    const bar = `${" ".repeat(from)}${"█".repeat(Math.min(length, BAR - from))}`;
    return `  ${name.padEnd(width)} ${milliseconds(ts)}  ${bar}`;
  });
  return [`  ${"timeline".padEnd(width)} ${"ms".padStart(9)}`, ...rows].join("\n");
}

function milliseconds(us: number): string {
  return (us / 1000).toFixed(1).padStart(9);
}
