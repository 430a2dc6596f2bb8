import { Errno } from "../../../../../ffi/error.ts";
import type { Fd } from "../../../../../ffi/fd.ts";
import { IORING_FSYNC_DATASYNC, IOSQE, RingOp } from "../../../../../ffi/io-uring/layouts.ts";
import { IoUring } from "../../../../../ffi/io-uring/ring.ts";
import { schedYield } from "../../../../../ffi/sched.ts";
import { type AtOnce, NOT_DONE } from "./at-once.ts";
import { type DiskEngine, type Operation, OperationKind } from "./operation.ts";
import { OperationQueue } from "./operation-queue.ts";

/**
 * What is copied from and to the page cache while this thread waits for it. More than this a worker of the kernel's copies:
 * a guest that asks for much must not hold up the others.
 */
const INLINE_BYTES = 128 * 1024;
/** Tries before operations fail that the kernel has no memory for. */
const MOST_TRIES = 100;

/**
 * Operations by io_uring: the kernel moves data straight between file and guest memory while this thread does other
 * things. Flushing costs one system call however much was pushed, taking back none. A small read that is alone needs no ring
 * if the page cache has it.
 */
export class RingEngine implements DiskEngine {
  readonly name = "io_uring";
  readonly #ring: IoUring;
  readonly #operations: readonly Operation[];
  readonly #atOnce: AtOnce | undefined;
  /** Operations that are over without the ring: done at once, or refused by the kernel. */
  readonly #over: OperationQueue;
  /** Small ones that were pushed: what becomes of them depends on how many there are. */
  readonly #small: OperationQueue;
  /** How many the kernel has. */
  #underWay = 0;

  /**
   * @param operations all there will be, by their slots
   * @param atOnce none for a file whose operations all wait (O_DIRECT)
   * @throws SystemError where the host has no rings, or none that can be restricted
   */
  constructor(file: Fd, operations: readonly Operation[], atOnce?: AtOnce) {
    const { READV, WRITEV, FSYNC, FALLOCATE } = RingOp;
    const use = { file, operations: [READV, WRITEV, FSYNC, FALLOCATE], about: `io_uring for ${file.about}` };
    this.#ring = IoUring.create(operations.length, use);
    this.#operations = operations;
    this.#atOnce = atOnce;
    this.#over = new OperationQueue(operations.length);
    this.#small = new OperationQueue(operations.length);
  }

  /** The ring itself: readable while completions are there, so no eventfd has to be written and read for them. */
  get fd(): number {
    return this.#ring.fd;
  }

  woken(): void {}

  push(operation: Operation): void {
    if (operation.length > INLINE_BYTES) this.#submit(operation, IOSQE.ASYNC);
    else this.#small.push(operation);
  }

  flush(): boolean {
    const ring = this.#ring;
    // Several cost the least by the ring, with one call for all. Beside others on their way it would
    // gain nothing: they call the thread again anyway.
    const isAlone = this.#small.count === 1 && this.#underWay === 0;
    for (let one = this.#small.shift(); one; one = this.#small.shift()) {
      if (!(isAlone && this.#isDoneAtOnce(one))) this.#submit(one, 0);
    }
    for (let tries = 0; ring.waiting > 0 && tries < MOST_TRIES; tries++) {
      if (tries > 0) schedYield();
      ring.enter();
    }
    // The host has no memory to start them with. Nothing would tell when it has: they fail.
    for (let slot = ring.withdraw(); slot >= 0; slot = ring.withdraw()) this.#refuse(this.#operations[slot]!);
    return this.#over.count > 0;
  }

  next(): Operation | undefined {
    if (!this.#ring.next()) return this.#over.shift();
    this.#underWay--;
    const operation = this.#operations[this.#ring.userData]!;
    operation.result = this.#ring.result;
    return operation;
  }

  /** There is an entry for every operation: the ring is never full. */
  #submit({ kind, slot, offset, length, vector, count, mode }: Operation, flags: number): void {
    const ring = this.#ring;
    this.#underWay++;
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

  replaceFile(file: Fd, isLocal: boolean): void {
    this.#ring.replaceFile(file);
    this.#atOnce?.replaceFile(file.number, isLocal);
  }

  #isDoneAtOnce(operation: Operation): boolean {
    const result = this.#atOnce?.perform(operation) ?? NOT_DONE;
    if (result === NOT_DONE) return false;
    operation.result = result;
    this.#over.push(operation);
    return true;
  }

  #refuse(operation: Operation): void {
    this.#underWay--;
    operation.result = -Errno.ENOMEM;
    this.#over.push(operation);
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
  }
}
