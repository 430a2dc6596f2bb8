import { monotonicNs } from "../../../../../ffi/clock.ts";
import { Errno } from "../../../../../ffi/error.ts";
import { voluntarySwitches } from "../../../../../ffi/sched.ts";
import { RWF_NOWAIT, readVector, writeVector } from "../../../../../ffi/vectored-io.ts";
import { type Operation, OperationKind } from "./operation.ts";

const { READ, WRITE } = OperationKind;

/** What is known of a filesystem. */
const Promised = { UNKNOWN: 0, YES: 1, NO: 2 } as const;

/** What `AtOnce.perform` says of an operation that it left alone. */
export const NOT_DONE = Number.MIN_SAFE_INTEGER;
/** A wait that is worth another thread's work. */
const WAITED_NS = 100e3;
/** For so many times as long as one has waited, none is tried: all waiting together is 2 % of the thread's time. */
const PAUSE = 50;

/**
 * Small reads and writes by a plain call, as long as the thread does not have to wait for them: what the page cache has, or
 * takes. That is a copy, and to have another thread of the kernel's do it costs many times as much.
 *
 * The kernel is asked not to wait (RWF_NOWAIT). Some filesystems can't promise that: tmpfs and overlayfs never, ext4 not for
 * writes. On those of them that wait for no other machine calls are made all the same, and watched: one that did wait is
 * followed by a pause in which others do the work. That the thread lost its CPU meanwhile is no wait.
 */
export class AtOnce {
  #file: number;
  #mayWait: boolean;
  readonly #now: () => number;
  readonly #switches: () => number;
  /** By kind, READ or WRITE: whether the filesystem knows RWF_NOWAIT. */
  readonly #promised = new Uint8Array(2);
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
    this.#promised.fill(Promised.UNKNOWN);
    this.#pausedUntil = 0;
  }

  /** Whether the kernel does these without waiting, so that a ring does them as soon as it is entered. */
  isPromised(kind: OperationKind): boolean {
    return this.#promised[kind] === Promised.YES;
  }

  /** @returns what the call said, or NOT_DONE */
  perform(operation: Operation): number {
    const { kind } = operation;
    if (kind !== READ && kind !== WRITE) return NOT_DONE;
    if (this.#promised[kind] !== Promised.NO) {
      const result = call(this.#file, operation, RWF_NOWAIT);
      const isUnknown = result === -Errno.EOPNOTSUPP || result === -Errno.EINVAL;
      this.#promised[kind] = isUnknown ? Promised.NO : Promised.YES;
      if (!isUnknown) return result === -Errno.EAGAIN ? NOT_DONE : result;
    }
    return this.#mayWait ? this.#watched(operation) : NOT_DONE;
  }

  #watched(operation: Operation): number {
    const begin = this.#now();
    if (begin < this.#pausedUntil) return NOT_DONE;
    const before = this.#switches();
    const result = call(this.#file, operation, 0);
    if (this.#switches() !== before) this.#pauseAfter(begin);
    return result;
  }

  #pauseAfter(begin: number): void {
    const end = this.#now();
    if (end - begin > WAITED_NS) this.#pausedUntil = end + PAUSE * (end - begin);
  }
}

function call(file: number, { kind, offset, vector, count }: Operation, flags: number): number {
  if (kind === READ) return readVector(file, vector, count, offset, flags);
  return writeVector(file, vector, count, offset, flags);
}
