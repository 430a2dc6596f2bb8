/** Firecracker's metrics in a file or FIFO: a line at the start, each minute the machine runs, at the end, and when asked for. */
import { monotonicNs } from "../../ffi/clock.ts";
import { Fd } from "../../ffi/fd.ts";
import { LineTarget } from "../host/line-target.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import { type LineExtras, MetricsLines } from "../observe/metrics/firecracker/lines.ts";
import type { Readings } from "../observe/metrics/readings.ts";

/** Where they go, as it crosses the exec. */
export interface PlannedMetrics extends LineExtras {
  readonly fd: number;
}

const PERIOD_NS = 60e9;

export class MetricsFile {
  readonly #target: LineTarget;
  readonly #lines: MetricsLines;
  readonly #counts: Counts;
  readonly #readings: () => Readings;
  readonly #timer: RunTimer;

  /** @param isPaused whether the machine stands still: its minute then does too */
  constructor({ fd, ...extras }: PlannedMetrics, counts: Counts, readings: () => Readings, isPaused: () => boolean) {
    this.#target = new LineTarget(new Fd(fd, "the metrics"));
    this.#lines = new MetricsLines(extras);
    this.#counts = counts;
    this.#readings = readings;
    this.#timer = new RunTimer(PERIOD_NS, isPaused);
  }

  /** Never waits. @returns false: the line was lost, and what it told will be in the next */
  flush(): boolean {
    if (this.#lines.next(this.#readings(), (line) => this.#target.write(line))) return true;
    this.#counts.missedMetrics++;
    return false;
  }

  /** Writes a line if its time has come. @returns milliseconds until the next; Infinity while the machine stands still */
  work(): number {
    if (this.#timer.isDue()) this.flush();
    return this.#timer.untilMs();
  }
}

/** Comes back once a period of the time that the machine runs. */
export class RunTimer {
  readonly #periodNs: number;
  readonly #isPaused: () => boolean;
  readonly #now: () => number;
  #due: number;
  #lookedAt: number;
  /** What it was then. */
  #wasPaused = false;

  /** @param now the monotonic clock, in nanoseconds */
  constructor(periodNs: number, isPaused: () => boolean, now = monotonicNs) {
    this.#periodNs = periodNs;
    this.#isPaused = isPaused;
    this.#now = now;
    this.#lookedAt = now();
    this.#due = this.#lookedAt + periodNs;
  }

  /** Call it whenever the machine may have been paused, or gone on. @returns whether the period is over: once each */
  isDue(): boolean {
    const now = this.#now();
    if (this.#wasPaused) this.#due += now - this.#lookedAt;
    this.#lookedAt = now;
    this.#wasPaused = this.#isPaused();
    if (this.#wasPaused || now < this.#due) return false;
    this.#due = now + this.#periodNs;
    return true;
  }

  untilMs(): number {
    return this.#wasPaused ? Number.POSITIVE_INFINITY : (this.#due - this.#now()) / 1e6;
  }
}
