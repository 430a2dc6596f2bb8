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

/**
 * The longest, the longest first.
 * @param calls functions that were timed: what of a silence is theirs is left out
 */
export function slowestSteps(lines: readonly LogLine[], count: number, calls: readonly Call[] = []): Step[] {
  const begins = earliestBegins(lines, calls);
  return lines
    .slice(1)
    .map(({ at, text }, i) => {
      const { at: from, text: after } = lines[i]!;
      return { seconds: Math.max(0, Math.min(at, begins[i + 1]!) - from), after, before: text };
    })
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, count);
}

/** For each line when the first of those calls began that it, or a later line, says are over: in seconds. */
function earliestBegins(lines: readonly LogLine[], calls: readonly Call[]): number[] {
  const begins = lines.map(() => Number.POSITIVE_INFINITY);
  for (const { line, ms } of calls) begins[line] = Math.min(begins[line]!, lines[line]!.at - ms / 1000);
  for (let line = lines.length - 2; line >= 0; line--) begins[line] = Math.min(begins[line]!, begins[line + 1]!);
  return begins;
}

/** A function of the kernel's own start, or a driver's probe of a device: what `initcall_debug` tells. */
export interface Call {
  readonly name: string;
  readonly kind: "initcall" | "probe";
  readonly ms: number;
  /** Where in the log it is said to be over. */
  readonly line: number;
}

/** Lines such as `initcall acpi_init+0x0/0x4bd returned 0 after 92000 usecs` and `probe of 00:02 returned 0 after 42 usecs`. */
export function readCalls(lines: readonly LogLine[]): Call[] {
  return lines.flatMap(({ text }, line) => {
    const [, kind, name, us] = /^(initcall|probe of) ([^\s+]+).* returned -?\d+ after (\d+) usecs/.exec(text) ?? [];
    if (name === undefined) return [];
    return [{ name, kind: kind === "initcall" ? kind : "probe", ms: Number(us) / 1000, line }] as const;
  });
}
