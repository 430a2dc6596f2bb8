/** Firecracker's log: its line format, and its target that never makes it wait. */
import { Fd, O } from "../../ffi/fd.ts";

export const LEVELS = ["off", "error", "warn", "info", "debug", "trace"] as const;
export type Level = (typeof LEVELS)[number];
type Thread = "main" | "fc_api";

/** As it crosses an exec: pure data. */
export interface LogSettings {
  /** The target's descriptor; stdout without one. */
  readonly fd: number;
  readonly id: string;
  readonly level: Level;
  readonly showLevel: boolean;
  /** Local time is so far ahead of UTC. Found out once: inside the sandbox nobody knows. */
  readonly zoneMinutes: number;
}

const STDOUT = 1;
const NAMES: Readonly<Record<Exclude<Level, "off">, string>> = {
  error: "ERROR",
  warn: "WARN",
  info: "INFO",
  debug: "DEBUG",
  trace: "TRACE",
};

/** Whatever the case; "Warning" is "warn". Undefined for none of them. */
export function levelOf(word: string): Level | undefined {
  const name = word.toLowerCase() === "warning" ? "warn" : word.toLowerCase();
  return LEVELS.find((level) => level === name);
}

export class FirecrackerLog {
  settings: LogSettings;

  constructor(settings: Partial<LogSettings> & { readonly id: string }) {
    this.settings = {
      fd: STDOUT,
      level: "info",
      showLevel: false,
      zoneMinutes: -new Date().getTimezoneOffset(),
      ...settings,
    };
  }

  /** A file, made if need be, or a FIFO that needs no reader. @throws SystemError */
  openTarget(path: string): void {
    const fd = Fd.open(path, O.RDWR | O.CREAT | O.NONBLOCK, 0o644);
    this.settings = { ...this.settings, fd: fd.number };
  }

  /** Its target survives an exec. */
  keepOpen(): void {
    new Fd(this.settings.fd, "the log").setInherited(true);
  }

  write(level: Exclude<Level, "off">, message: string, thread: Thread = "main"): void {
    const { fd, id, level: most, showLevel, zoneMinutes } = this.settings;
    if (LEVELS.indexOf(level) > LEVELS.indexOf(most)) return;
    const text = message.replaceAll(/\p{Cc}/gu, (c) => (c === "\n" ? "\\n" : "?"));
    const line = `${localTime(Date.now(), zoneMinutes)} [${id}:${thread}${showLevel ? `:${NAMES[level]}` : ""}] ${text}\n`;
    // A target that is full or gone costs the line, never the machine.
    new Fd(fd, "the log").write(Buffer.from(line));
  }
}

/** `2026-01-31T13:05:09.123000000`, in local time. */
function localTime(now: number, zoneMinutes: number): string {
  return new Date(now + zoneMinutes * 60_000).toISOString().replace("Z", "000000");
}
