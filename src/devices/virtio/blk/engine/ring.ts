import { Errno } from "../../../../../ffi/error.ts";
import type { Fd } from "../../../../../ffi/fd.ts";
import { IORING_FSYNC_DATASYNC, IOSQE, RingOp } from "../../../../../ffi/io-uring/layouts.ts";
import { IoUring } from "../../../../../ffi/io-uring/ring.ts";
import { schedYield } from "../../../../../ffi/sched.ts";
import { type DiskEngine, type Operation, OperationKind } from "./operation.ts";

/**
 * What the kernel copies from its page cache while `flush` waits for it. More than this a worker of the kernel's copies:
 * a guest that asks for much must not hold up the others.
 */
const INLINE_BYTES = 128 * 1024;
/** Tries before operations fail that the kernel has no memory for. */
const MOST_TRIES = 100;

/**
 * Operations by io_uring: the kernel moves data straight between file and guest memory while this thread does other
 * things. Flushing costs one system call however much was pushed, taking back none.
 */
export class RingEngine implements DiskEngine {
  readonly name = "io_uring";
  readonly #ring: IoUring;
  readonly #operations: readonly Operation[];
  /** Operations the kernel did not take. */
  readonly #refused: Operation[] = [];

  /**
   * @param operations all there will be, by their slots
   * @throws SystemError where the host has no rings, or none that can be restricted
   */
  constructor(file: Fd, operations: readonly Operation[]) {
    const { READV, WRITEV, FSYNC, FALLOCATE } = RingOp;
    const use = { file, operations: [READV, WRITEV, FSYNC, FALLOCATE], about: `io_uring for ${file.about}` };
    this.#ring = IoUring.create(operations.length, use);
    this.#operations = operations;
  }

  /** The ring itself: readable while completions are there, so no eventfd has to be written and read for them. */
  get fd(): number {
    return this.#ring.fd;
  }

  woken(): void {}

  /** There is an entry for every operation: the ring is never full. */
  push({ kind, slot, offset, length, vector, count, mode }: Operation): void {
    const ring = this.#ring;
    const flags = length > INLINE_BYTES ? IOSQE.ASYNC : 0;
    switch (kind) {
      case OperationKind.READ:
        ring.push(RingOp.READV, flags, offset, vector, count, 0, slot);
        return;
      case OperationKind.WRITE:
        ring.push(RingOp.WRITEV, flags, offset, vector, count, 0, slot);
        return;
      case OperationKind.SYNC:
        ring.push(RingOp.FSYNC, 0, 0, 0, 0, IORING_FSYNC_DATASYNC, slot);
        return;
      case OperationKind.ALLOCATE:
        ring.push(RingOp.FALLOCATE, 0, offset, length, mode, 0, slot);
    }
  }

  flush(): boolean {
    const ring = this.#ring;
    for (let tries = 0; ring.waiting > 0 && tries < MOST_TRIES; tries++) {
      if (tries > 0) schedYield();
      ring.enter();
    }
    // The host has no memory to start them with. Nothing would tell when it has: they fail.
    for (let slot = ring.withdraw(); slot >= 0; slot = ring.withdraw()) this.#refuse(this.#operations[slot]!);
    return this.#refused.length > 0;
  }

  replaceFile(file: Fd): void {
    this.#ring.replaceFile(file);
  }

  next(): Operation | undefined {
    if (!this.#ring.next()) return this.#refused.pop();
    const operation = this.#operations[this.#ring.userData]!;
    operation.result = this.#ring.result;
    return operation;
  }

  #refuse(operation: Operation): void {
    operation.result = -Errno.ENOMEM;
    this.#refused.push(operation);
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
  }
}
