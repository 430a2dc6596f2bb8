import { monotonicNs } from "../../../../../ffi/clock.ts";
import { Errno } from "../../../../../ffi/error.ts";
import { voluntarySwitches } from "../../../../../ffi/sched.ts";
import { RWF_NOWAIT, readVector } from "../../../../../ffi/vectored-io.ts";
import { type Operation, OperationKind } from "./operation.ts";

/** What `AtOnce.perform` says of an operation that it left alone. */
export const NOT_DONE = Number.MIN_SAFE_INTEGER;
/** A wait that is worth another thread's work. */
const WAITED_NS = 100e3;
/** For so many times as long as one has waited, none is tried: all waiting together is 2 % of the thread's time. */
const PAUSE = 50;

/**
 * A small read by a plain call, as long as the thread does not have to wait for it: what the page cache has. That is a copy,
 * and to hand a single one to another thread of the kernel's costs more.
 *
 * The kernel is asked not to wait (RWF_NOWAIT). Some filesystems can't promise that: overlayfs, older tmpfs. On those of them
 * that wait for no other machine calls are made all the same, and watched: one that did wait is followed by a pause in which
 * others do the work. That the thread lost its CPU meanwhile is no wait.
 */
export class AtOnce {
  #file: number;
  #mayWait: boolean;
  readonly #now: () => number;
  readonly #switches: () => number;
  /** Whether the filesystem knows RWF_NOWAIT. */
  #canPromise = true;
  /** Nothing is tried before this time, where nothing is promised. */
  #pausedUntil = 0;

  /**
   * @param isLocal whether the file is on a filesystem that waits for no other machine
   * @param now a monotonic clock in nanoseconds
   * @param switches how often the thread has waited
   */
  constructor(file: number, isLocal: boolean, now = monotonicNs, switches = voluntarySwitches) {
    this.#file = file;
    this.#mayWait = isLocal;
    this.#now = now;
    this.#switches = switches;
  }

  /** Nothing is known of this one yet. */
  replaceFile(file: number, isLocal: boolean): void {
    this.#file = file;
    this.#mayWait = isLocal;
    this.#canPromise = true;
    this.#pausedUntil = 0;
  }

  /** @returns what the call said, or NOT_DONE */
  perform(operation: Operation): number {
    if (operation.kind !== OperationKind.READ) return NOT_DONE;
    if (this.#canPromise) {
      const result = read(this.#file, operation, RWF_NOWAIT);
      if (result === -Errno.EAGAIN) return NOT_DONE;
      if (result !== -Errno.EOPNOTSUPP) return result;
      this.#canPromise = false;
    }
    return this.#mayWait ? this.#watched(operation) : NOT_DONE;
  }

  #watched(operation: Operation): number {
    const begin = this.#now();
    if (begin < this.#pausedUntil) return NOT_DONE;
    const before = this.#switches();
    const result = read(this.#file, operation, 0);
    if (this.#switches() !== before) this.#pauseAfter(begin);
    return result;
  }

  #pauseAfter(begin: number): void {
    const end = this.#now();
    if (end - begin > WAITED_NS) this.#pausedUntil = end + PAUSE * (end - begin);
  }
}

function read(file: number, { offset, vector, count }: Operation, flags: number): number {
  return readVector(file, vector, count, offset, flags);
}
