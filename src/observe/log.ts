/** volt's log: consola's levels and filters, volt's own two formats. Lines go out by write(2): nothing waits for an event loop. */
import { type ConsolaInstance, createConsola, LogLevels, type LogObject } from "consola/core";

/** The same words as in `config/`, which like this part imports nothing: the compiler compares them where they meet. */
export type LogLevel = "error" | "warn" | "info" | "debug" | "trace";
export type LogFormat = "text" | "json";

export type Log = ConsolaInstance;

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes one whole line, its line end included. */
  readonly write: (line: string) => void;
  /** What ends a line: "\r\n" while the log shares a terminal in raw mode with the guest. */
  readonly lineEnd?: () => string;
}

export function createLog({ level, format, write, lineEnd = () => "\n" }: LogOptions): Log {
  const line = format === "json" ? jsonLine : textLine;
  return createConsola({
    level: LogLevels[level],
    // Every line counts, also when the same one comes often: consola would fold them.
    throttle: 0,
    reporters: [{ log: (entry) => write(line(entry) + lineEnd()) }],
  });
}

/** `volt: warn: the message`, and errors without a level's name: `volt: the message`. */
function textLine(entry: LogObject): string {
  const level = entry.type === "error" ? "" : `${entry.type}: `;
  return `volt: ${level}${message(entry)}`;
}

function jsonLine(entry: LogObject): string {
  return JSON.stringify({ time: entry.date.toISOString(), level: entry.type, message: message(entry) });
}

/** One line whatever the message holds: text that a guest or a file had a hand in must not forge lines. */
function message(entry: LogObject): string {
  return entry.args
    .map((part) => (part instanceof Error ? part.message : String(part)))
    .join(" ")
    .replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
