/** What engines do for requests, one file operation at a time. */
import type { Fd } from "../../../../../ffi/fd.ts";

/** The kinds of operations. */
export const OperationKind = { READ: 0, WRITE: 1, SYNC: 2, ALLOCATE: 3 } as const;
export type OperationKind = (typeof OperationKind)[keyof typeof OperationKind];

/** One operation on a disk's file. A request is one, again and again, until it is done. */
export interface Operation {
  /** Its place among the disk's requests. */
  readonly slot: number;
  readonly kind: OperationKind;
  /** Of READ, WRITE and ALLOCATE: the first byte in the file, and how many. */
  readonly offset: number;
  readonly length: number;
  /** Of READ and WRITE: the address and number of iovecs. */
  readonly vector: number;
  readonly count: number;
  /** Of ALLOCATE: FALLOC_FL bits. */
  readonly mode: number;
  /** Set when it is over: bytes done, 0, or minus errno. */
  result: number;
}

/** Runs operations. `push` any number, `flush`, and take them back with `next`, in any order. */
export interface DiskEngine extends Disposable {
  /** As the log calls it. */
  readonly name: "io_uring" | "preadv";
  /** A descriptor that is readable when there may be something for `next`: then call `woken`. */
  readonly fd: number;
  woken(): void;
  push(operation: Operation): void;
  /** Starts what was pushed. @returns whether `next` has something that `fd` does not tell of */
  flush(): boolean;
  /**
   * Works on another file from now on. Nothing is under way.
   * @param isLocal whether it is on a filesystem that waits for no other machine
   * @throws SystemError: then the old one stays
   */
  replaceFile(file: Fd, isLocal: boolean): void;
  /** An operation that is over. The engine has forgotten it: it may be pushed again. */
  next(): Operation | undefined;
}
