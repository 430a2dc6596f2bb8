/**
 * What a vCPU's exits were, in memory that the control thread reads while the vCPU runs. One thread writes, with plain
 * stores: each count is a double of its own, on cache lines that no other vCPU's counts share.
 */

/** What an exit was served as; the first four are timed, where times are wanted. */
export const ExitKind = { IO_IN: 0, IO_OUT: 1, MMIO_READ: 2, MMIO_WRITE: 3 } as const;
export type ExitKind = (typeof ExitKind)[keyof typeof ExitKind];
const KINDS = 4;

/** The other counts, behind those of the kinds. */
const Count = { INTERRUPTED: 4, FAILURES: 5, DEVICE_FAULTS: 6, CLOCK_FAILURES: 7 } as const;
/** Nanoseconds of each kind: all together, the shortest and the longest exit. */
const [SUM, SHORTEST, LONGEST] = [8, 12, 16];

export const EXIT_COUNTER_BYTES = 192;

/** The times of a kind of exits, in nanoseconds: all together, the shortest (0: there was none), the longest. */
export interface ExitTimes {
  readonly sum: number;
  readonly shortest: number;
  readonly longest: number;
}

export class ExitCounters {
  readonly #words: Float64Array;
  /** Whether each exit's time is taken: two reads of a clock, a tenth of a microsecond. */
  readonly isTimed: boolean;

  /** @param memory zeroed at the start: `EXIT_COUNTER_BYTES` from `offset`, a multiple of 8 */
  constructor(memory: ArrayBuffer, offset = 0, isTimed = false) {
    this.#words = new Float64Array(memory, offset, EXIT_COUNTER_BYTES / 8);
    this.isTimed = isTimed;
  }

  /** For a vCPU that nobody measures. */
  static alone(): ExitCounters {
    return new ExitCounters(new ArrayBuffer(EXIT_COUNTER_BYTES));
  }

  /** An exit of this kind comes. */
  count(kind: ExitKind): void {
    this.#words[kind]!++;
  }

  /** It took so long to serve, in nanoseconds. */
  took(kind: ExitKind, ns: number): void {
    const words = this.#words;
    words[SUM + kind]! += ns;
    if (words[SHORTEST + kind] === 0 || ns < words[SHORTEST + kind]!) words[SHORTEST + kind] = ns;
    if (ns > words[LONGEST + kind]!) words[LONGEST + kind] = ns;
  }

  /** A kick, or a signal. */
  countInterruption(): void {
    this.#words[Count.INTERRUPTED]!++;
  }

  /** KVM came back with what can't be served. */
  countFailure(): void {
    this.#words[Count.FAILURES]!++;
  }

  /** A device threw. */
  countDeviceFault(): void {
    this.#words[Count.DEVICE_FAULTS]!++;
  }

  /** KVM_KVMCLOCK_CTRL failed: the guest was not told of a pause. */
  countClockFailure(): void {
    this.#words[Count.CLOCK_FAILURES]!++;
  }

  of(kind: ExitKind): number {
    return this.#words[kind]!;
  }

  get served(): number {
    let sum = 0;
    for (let kind = 0; kind < KINDS; kind++) sum += this.#words[kind]!;
    return sum;
  }

  get interrupted(): number {
    return this.#words[Count.INTERRUPTED]!;
  }

  get failures(): number {
    return this.#words[Count.FAILURES]!;
  }

  get deviceFaults(): number {
    return this.#words[Count.DEVICE_FAULTS]!;
  }

  get clockFailures(): number {
    return this.#words[Count.CLOCK_FAILURES]!;
  }

  times(kind: ExitKind): ExitTimes {
    const words = this.#words;
    return { sum: words[SUM + kind]!, shortest: words[SHORTEST + kind]!, longest: words[LONGEST + kind]! };
  }
}
