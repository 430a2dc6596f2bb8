import { monotonicNs } from "../../ffi/clock.ts";

/** Firecracker's bound: so many lines of one kind at once, and as many again in so long. */
const MOST_LINES = 10;
const REFILL_NS = 5e9;

/** Keeps what a guest can bring about again and again from filling the host's log. One for each place such lines come from. */
export class LineLimiter {
  readonly #now: () => number;
  #lines = MOST_LINES;
  #at: number;
  /** Lines that were left out since the last one that was not. */
  #leftOut = 0;

  /** @param now the monotonic clock, in nanoseconds */
  constructor(now = monotonicNs) {
    this.#now = now;
    this.#at = now();
  }

  /** Says a line, unless there were too many: then the next that is said tells how many were left out. @returns whether it was said */
  say(line: string, say: (line: string) => void): boolean {
    const now = this.#now();
    this.#lines = Math.min(MOST_LINES, this.#lines + ((now - this.#at) / REFILL_NS) * MOST_LINES);
    this.#at = now;
    if (this.#lines < 1) {
      this.#leftOut++;
      return false;
    }
    this.#lines--;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    say(leftOut === 0 ? line : `${line} (${leftOut} more lines like this were left out)`);
    return true;
  }
}
