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
