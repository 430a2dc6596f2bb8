/**
 * When each phase of a start happened. One slot a phase in memory every thread shares: marking is a clock read and a
 * store, and nothing at all while the recorder is off.
 */
import { monotonicNs } from "../../ffi/clock.ts";
import { PHASES, type Phase } from "./phases.ts";

export const TIMELINE_BYTES = PHASES.length * 8;

const index = new Map<Phase, number>(PHASES.map((phase, i) => [phase, i]));

export interface Mark {
  readonly phase: Phase;
  /** Milliseconds since the process started. */
  readonly ms: number;
}

export class Timeline {
  /** Per phase: CLOCK_MONOTONIC in nanoseconds, 0 for not yet. */
  readonly #stamps: Float64Array;
  readonly #onMark: ((mark: Mark) => void) | undefined;
  readonly #on: boolean;

  /** @param onMark told of each mark as it is made, for the trace log */
  constructor(memory: ArrayBuffer, on: boolean, onMark?: (mark: Mark) => void) {
    this.#stamps = new Float64Array(memory, 0, PHASES.length);
    this.#on = on;
    this.#onMark = onMark;
  }

  /**
   * Stage one's, which always records. Time zero is the start of the process as Bun knows it.
   * @param firstLineNs when volt's first line ran, in nanoseconds of the monotonic clock
   */
  static ofProcess(firstLineNs: number): Timeline {
    const timeline = new Timeline(new ArrayBuffer(TIMELINE_BYTES), true);
    timeline.mark("process started", firstLineNs - Bun.nanoseconds());
    timeline.mark("volt's first line", firstLineNs);
    return timeline;
  }

  /** Stamps a phase, the first time only. */
  mark(phase: Phase, at?: number): void {
    if (!this.#on) return;
    const slot = index.get(phase)!;
    if (this.#stamps[slot] !== 0) return;
    this.#stamps[slot] = at ?? monotonicNs();
    this.#onMark?.(this.#read(phase, slot));
  }

  /** Whether a phase was stamped. */
  has(phase: Phase): boolean {
    return this.#stamps[index.get(phase)!] !== 0;
  }

  /** When a phase was, in nanoseconds of the monotonic clock; 0 for not yet. */
  at(phase: Phase): number {
    return this.#stamps[index.get(phase)!]!;
  }

  /** What has happened so far, in order. */
  marks(): Mark[] {
    return PHASES.flatMap((phase, slot) => (this.#stamps[slot] ? [this.#read(phase, slot)] : [])).sort(
      (a, b) => a.ms - b.ms,
    );
  }

  /** When the process started, in nanoseconds of the monotonic clock. */
  get beginNs(): number {
    return this.#stamps[0]!;
  }

  /** The raw stamps, to carry across an exec. */
  stamps(): number[] {
    return [...this.#stamps];
  }

  /** Stamps that another stage of the start made. */
  restore(stamps: readonly number[]): void {
    this.#stamps.set(stamps.slice(0, PHASES.length));
  }

  #read(phase: Phase, slot: number): Mark {
    return { phase, ms: (this.#stamps[slot]! - this.beginNs) / 1e6 };
  }
}
