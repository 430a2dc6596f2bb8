import type { IoVector } from "../../../../ffi/iovec.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { HEADER_BYTES, MAX_DATA_BYTES, writableData } from "./packet.ts";

/** Buffers held at a time: Linux's are 4 KiB, so that one read of a socket fills 64 KiB of them. */
const MOST_HELD = 16;

/** Buffers of the receive queue that were taken and not used yet, the oldest first. */
export class ReceiveBuffers {
  /** Buffers without room for a header: they went back empty. */
  readonly #counters: { shortBuffers: number };
  readonly #chains = Array.from({ length: MOST_HELD }, () => new DescriptorChain());
  #first = 0;
  #held = 0;
  #queue: Queue | undefined;

  constructor(counters: { shortBuffers: number }) {
    this.#counters = counters;
  }

  /** The receive queue of a new driver, or none: what was held is not the device's any more. */
  start(queue: Queue | undefined): void {
    this.#queue = queue;
    this.#held = 0;
    queue?.suspendNotifications();
  }

  /** The oldest. There must be one. */
  get oldest(): DescriptorChain {
    return this.#chains[this.#first]!;
  }

  /** Makes sure that there is one. @returns false if the next one of the queue is no use, or there is none */
  take(): boolean {
    return this.#held > 0 || this.#takeOne();
  }

  /** Asks for a kick when there are more. @returns true when there are already */
  awaitMore(): boolean {
    return this.#queue?.resumeNotifications() ?? false;
  }

  /**
   * Lists where up to `most` bytes of data fit, in as many buffers as that takes: `dataRoom` of each, in order.
   * @returns how many bytes do
   */
  listRoom(most: number, into: IoVector): number {
    into.clear();
    for (let i = 0; i < MOST_HELD && into.bytes < most; i++) {
      if (i === this.#held && !this.#takeOne()) break;
      const chain = this.#chains[(this.#first + i) % MOST_HELD]!;
      const room = Math.min(dataRoom(chain), most - into.bytes);
      if (room === 0 || into.count + chain.writableParts > MAX_QUEUE_SIZE) break;
      writableData(chain, room, into);
    }
    return into.bytes;
  }

  /** Gives the oldest back. */
  complete(written: number): void {
    this.#queue?.complete(this.oldest.head, written);
    this.#first = (this.#first + 1) % MOST_HELD;
    this.#held--;
  }

  /** Gives the oldest back, for want of room. */
  refuse(): void {
    this.#counters.shortBuffers++;
    this.complete(0);
  }

  #takeOne(): boolean {
    const chain = this.#chains[(this.#first + this.#held) % MOST_HELD]!;
    if (!this.#queue?.next(chain)) return false;
    if (chain.writableBytes < HEADER_BYTES) {
      this.#counters.shortBuffers++;
      this.#queue.complete(chain.head, 0);
      return false;
    }
    this.#held++;
    return true;
  }
}

/** Bytes of data that one packet in this buffer can carry. */
export function dataRoom(chain: DescriptorChain): number {
  return Math.min(chain.writableBytes - HEADER_BYTES, MAX_DATA_BYTES);
}
