import { EventFd } from "../../../../../ffi/eventfd.ts";
import type { Fd } from "../../../../../ffi/fd.ts";
import { allocate, readVector, syncData, writeVector } from "../../../../../ffi/vectored-io.ts";
import { type DiskEngine, type Operation, OperationKind } from "./operation.ts";
import { OperationQueue } from "./operation-queue.ts";

/** What is read and written in one turn, more or less: the thread waits for it, and with it every other device. */
const BYTES_A_TURN = 4 * 2 ** 20;

/** Operations in the calling thread, one after the other, where there is no io_uring or it is not wanted. */
export class SyncEngine implements DiskEngine {
  readonly name = "preadv";
  #file: Fd;
  readonly #wake: EventFd;
  readonly #waiting: OperationQueue;
  #budget = BYTES_A_TURN;

  /** @param most operations that wait at once */
  constructor(file: Fd, most: number) {
    this.#file = file;
    this.#wake = EventFd.create(`requests of ${file.about}`);
    this.#waiting = new OperationQueue(most);
  }

  get fd(): number {
    return this.#wake.number;
  }

  woken(): void {
    this.#wake.take();
  }

  push(operation: Operation): void {
    this.#waiting.push(operation);
  }

  flush(): boolean {
    return false;
  }

  replaceFile(file: Fd): void {
    this.#file = file;
  }

  /** Does the next one, unless this turn has done enough: then the others have theirs, and `fd` calls for another. */
  next(): Operation | undefined {
    const operation = this.#budget > 0 ? this.#waiting.shift() : undefined;
    if (operation) {
      operation.result = perform(this.#file.number, operation);
      this.#budget -= operation.length;
      return operation;
    }
    this.#budget = BYTES_A_TURN;
    if (this.#waiting.count > 0) this.#wake.signal();
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#wake[Symbol.dispose]();
  }
}

function perform(file: number, { kind, offset, length, vector, count, mode }: Operation): number {
  switch (kind) {
    case OperationKind.READ:
      return readVector(file, vector, count, offset);
    case OperationKind.WRITE:
      return writeVector(file, vector, count, offset);
    case OperationKind.SYNC:
      return syncData(file);
    case OperationKind.ALLOCATE:
      return allocate(file, mode, offset, length);
  }
}
