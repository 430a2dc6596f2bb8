import { EPOLL } from "../../../../ffi/epoll.ts";
import { Errno } from "../../../../ffi/error.ts";
import { hasFeature } from "../features.ts";
import { DescriptorChain } from "../queue/chain.ts";
import type { Queue } from "../queue/queue.ts";
import { takesLargeFrames, VIRTIO_NET_F_MRG_RXBUF } from "./features.ts";
import { MAX_FRAME_BYTES, PLAIN_FRAME_BYTES } from "./frame.ts";
import type { PairServices } from "./pair.ts";
import { ReceiveBuffers } from "./receive-buffers.ts";

/** Packets in one turn: at 64 KiB each they take a millisecond, and other devices wait. */
const PACKETS_A_TURN = 64;

/**
 * From the TAP to the driver: a packet is read straight into the buffers at the head of the queue, in one call.
 *
 * A packet that was read and can't be delivered yet, because it needs more buffers than there are or the rate limiter
 * says so, is kept until it can be; nothing overtakes it. Meanwhile the TAP is not watched: packets pile up in the kernel
 * and are dropped there, as on any card whose driver is slow, and no thread turns.
 */
export class Receiver {
  /** What the TAP is to be watched for. With OUT: come back at once, a TAP is nearly always ready for that. */
  events = 0;
  /** The TAP was deleted: nothing comes of it any more. */
  isGone = false;
  readonly #tap: number;
  readonly #services: PairServices;
  readonly #chain = new DescriptorChain();
  readonly #buffers = new ReceiveBuffers();
  #queue: Queue | undefined;
  /** VIRTIO_NET_F_MRG_RXBUF: a packet may fill several buffers. */
  #mayMerge = false;
  /** Bytes that are to be ready for the next packet. */
  #wanted = 0;
  /** Bytes of the packet that waits in the buffers, and what they held when it was read. */
  #held = 0;
  #heldIn = 0;

  constructor(tap: number, services: PairServices) {
    this.#tap = tap;
    this.#services = services;
  }

  start(queue: Queue | undefined, features: bigint): void {
    this.#queue = queue;
    this.#mayMerge = hasFeature(features, VIRTIO_NET_F_MRG_RXBUF);
    this.#wanted = takesLargeFrames(features) ? MAX_FRAME_BYTES : PLAIN_FRAME_BYTES;
  }

  /** Nobody asks for packets for now. The buffers stay: they are taken from the queue, which lives on. */
  rest(): void {
    this.events = 0;
  }

  /** The driver is gone, and its buffers with it. */
  stop(): void {
    this.#queue = undefined;
    this.events = 0;
    this.#held = 0;
    this.#buffers.clear();
  }

  /** The TAP has something, or the driver gave buffers. */
  receive(): void {
    const queue = this.#queue;
    this.events = 0;
    if (queue === undefined) return;
    queue.suspendNotifications();
    for (let packets = 0; packets < PACKETS_A_TURN; packets++) {
      this.#fill(queue);
      if (this.#held === 0) {
        if (this.#buffers.count === 0) {
          if (this.#awaitBuffers(queue)) continue;
          return;
        }
        const length = this.#next();
        if (length <= 0) {
          this.#failed(-length);
          return;
        }
        this.#held = length;
        this.#heldIn = this.#buffers.bytes;
      }
      if (this.#mustGrow(queue)) {
        if (this.#awaitBuffers(queue)) continue;
        return;
      }
      if (!this.#deliver(queue)) return;
    }
    // Also for a packet that is held: no kick and no other packet need come.
    this.events = EPOLL.IN | EPOLL.OUT;
  }

  /** The next packet, of the metadata service or the TAP. @returns its bytes, or minus errno */
  #next(): number {
    const { mmds } = this.#services;
    const length = mmds?.hasOutput ? mmds.write() : 0;
    return length > 0 ? this.#buffers.put(mmds!.replyAddress, length) : this.#buffers.read(this.#tap);
  }

  /** Takes buffers until they hold any packet. A driver that adds useless ones as fast as they go back ends this all the same. */
  #fill(queue: Queue): void {
    const buffers = this.#buffers;
    const wanted = Math.max(this.#wanted, this.#held);
    for (let tries = 0; tries < queue.size && buffers.bytes < wanted && this.#hasRoom(queue); tries++) {
      const chain = this.#chain;
      if (!queue.next(chain)) return;
      if (chain.writableBytes > 0) {
        buffers.add(chain);
      } else {
        this.#services.counters.rxUselessBuffers++;
        queue.complete(chain.head, 0);
      }
    }
  }

  #hasRoom(queue: Queue): boolean {
    return this.#mayMerge ? this.#buffers.hasRoom(queue) : this.#buffers.count === 0;
  }

  /** Whether the packet needs more buffers, and there can be more. */
  #mustGrow(queue: Queue): boolean {
    return this.#held > this.#buffers.bytes && this.#hasRoom(queue);
  }

  /** @returns false when the packet has to wait for the rate limiter, which calls */
  #deliver(queue: Queue): boolean {
    const { counters, rxThrottle } = this.#services;
    const packet = this.#held;
    const buffers = this.#buffers;
    if (packet > buffers.bytes) {
      counters.rxTooLong++;
      counters.errors++;
    } else {
      if (!rxThrottle.admit(packet)) return false;
      if (packet > this.#heldIn) buffers.unspill(this.#heldIn, packet);
      buffers.deliver(queue, packet);
      counters.rxPackets++;
      counters.rxBytes += packet;
      counters.bytes += packet;
    }
    this.#held = 0;
    return true;
  }

  /** @returns true when there are some already */
  #awaitBuffers(queue: Queue): boolean {
    if (queue.resumeNotifications()) return true;
    this.#services.counters.rxWaits++;
    return false;
  }

  #failed(errno: number): void {
    // "End of file" is no TAP any more either.
    this.isGone = errno === Errno.EBADFD || errno === 0;
    if (this.isGone) return;
    this.events = EPOLL.IN;
    if (errno !== Errno.EAGAIN && errno !== Errno.EINTR) {
      this.#services.counters.rxFailures++;
      this.#services.counters.errors++;
    }
  }
}
