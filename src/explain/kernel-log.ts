/** A kernel's own account of its boot: the stamps before its lines. */

export interface LogLine {
  /** Seconds since the kernel's clock began. */
  readonly at: number;
  readonly text: string;
}

/** A silence in the log: what the kernel did after one line and before the next. */
export interface Step {
  readonly seconds: number;
  readonly after: string;
  readonly before: string;
}

/** Lines such as `[    0.123456] Linux version 6.1.0`. */
export function readKernelLog(console: string): LogLine[] {
  return [...console.matchAll(/^\[ *(\d+\.\d+)\] (.*?)\r?$/gm)].map(([, at, text]) => ({
    at: Number(at),
    text: text!,
  }));
}

/** The longest, the longest first. */
export function slowestSteps(lines: readonly LogLine[], count: number): Step[] {
  return lines
    .slice(1)
    .map(({ at, text }, i) => ({ seconds: at - lines[i]!.at, after: lines[i]!.text, before: text }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, count);
}
