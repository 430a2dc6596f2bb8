/** Firecracker's log: its line format, and its target that never makes it wait. */
import { Fd } from "../../ffi/fd.ts";
import { LineTarget, openLineTarget } from "../host/line-target.ts";
import type { LogCounts } from "../observe/metrics/counts.ts";

export const LEVELS = ["off", "error", "warn", "info", "debug", "trace"] as const;
export type Level = (typeof LEVELS)[number];

/**
 * Where lines come from: the thread that says them there, the path of its module in that program, by which its users filter,
 * and volt's own file.
 */
const ORIGINS = {
  main: { thread: "main", module: "firecracker", file: "src/firecracker/run.ts" },
  vmm: { thread: "main", module: "vmm", file: "src/firecracker/face.ts" },
  bootTimer: {
    ...{ thread: "fc_vcpu 0", module: "vmm::devices::pseudo::boot_timer" },
    file: "src/firecracker/boot-timer.ts",
  },
  api: { thread: "fc_api", module: "firecracker::api_server", file: "src/firecracker/api-log.ts" },
} as const;
export type Origin = keyof typeof ORIGINS;

/** As it crosses an exec: pure data. */
export interface LogSettings {
  /** The target's descriptor; stdout without one. */
  readonly fd: number;
  readonly id: string;
  readonly level: Level;
  readonly showLevel: boolean;
  readonly showOrigin: boolean;
  /** Only lines of modules whose path begins so. */
  readonly module: string | undefined;
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
  #settings: LogSettings;
  #target: LineTarget;
  readonly #counts: LogCounts;

  /** @param counts where lost lines are counted */
  constructor(settings: Partial<LogSettings> & { readonly id: string }, counts: LogCounts) {
    this.#settings = {
      fd: STDOUT,
      level: "info",
      showLevel: false,
      showOrigin: false,
      module: undefined,
      zoneMinutes: -new Date().getTimezoneOffset(),
      ...settings,
    };
    this.#target = targetOf(this.#settings.fd);
    this.#counts = counts;
  }

  get settings(): LogSettings {
    return this.#settings;
  }

  /** What is not given stays. */
  change(settings: Partial<Omit<LogSettings, "fd" | "id" | "zoneMinutes">>): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  /** A file, made if need be, or a FIFO that needs no reader. @throws SystemError */
  openTarget(path: string): void {
    const fd = openLineTarget(path).number;
    const before = this.#settings.fd;
    this.#settings = { ...this.#settings, fd };
    this.#target = targetOf(fd);
    if (before !== STDOUT) new Fd(before, "the log").close();
  }

  /** Its target survives an exec. */
  keepOpen(): void {
    new Fd(this.#settings.fd, "the log").setInherited(true);
  }

  write(level: Exclude<Level, "off">, message: string, from: Origin = "main"): void {
    const { id, level: most, showLevel, showOrigin, module = "", zoneMinutes } = this.#settings;
    const origin = ORIGINS[from];
    if (LEVELS.indexOf(level) > LEVELS.indexOf(most) || !origin.module.startsWith(module)) return;
    const text = message.replaceAll(/\p{Cc}/gu, (c) => (c === "\n" ? "\\n" : "?"));
    // The compiled program has no line numbers: they would be another program's.
    const tags = [id, origin.thread, ...(showLevel ? [NAMES[level]] : []), ...(showOrigin ? [`${origin.file}:0`] : [])];
    // A target that is full or gone costs the line, never the machine.
    if (!this.#target.write(`${localTime(Date.now(), zoneMinutes)} [${tags.join(":")}] ${text}\n`))
      this.#counts.missed++;
  }
}

function targetOf(fd: number): LineTarget {
  return new LineTarget(new Fd(fd, "the log"));
}

/** `2026-01-31T13:05:09.123000000`, in local time. */
function localTime(now: number, zoneMinutes: number): string {
  return new Date(now + zoneMinutes * 60_000).toISOString().replace("Z", "000000");
}
