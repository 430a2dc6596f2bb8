import { EPOLL } from "../../../../ffi/epoll.ts";
import { Errno } from "../../../../ffi/error.ts";
import { IoVectors } from "../../../../ffi/uio.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import type { NetCounters } from "./counters.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "./frame.ts";

const PACKETS_A_TURN = 64;

/**
 * From the driver to the TAP: one call a packet, straight out of the driver's buffers. The kernel copies a frame once and
 * judges that copy, header and all: nothing a driver changes meanwhile was checked before.
 *
 * A TAP without room is waited for, as a card's ring would be: the packet stays where it is in the queue, and those
 * behind it. Any other refusal is about this packet, and drops it: a driver that sends nonsense must not stop the queue.
 */
export class Transmitter {
  /** What the TAP is to be watched for. */
  events = 0;
  /** The TAP was deleted: all that is sent is lost. */
  isGone = false;
  readonly #tap: number;
  readonly #counters: NetCounters;
  readonly #chain = new DescriptorChain();
  readonly #vectors = new IoVectors(MAX_QUEUE_SIZE);
  #queue: Queue | undefined;

  constructor(tap: number, counters: NetCounters) {
    this.#tap = tap;
    this.#counters = counters;
  }

  start(queue: Queue | undefined): void {
    this.#queue = queue;
  }

  stop(): void {
    this.#queue = undefined;
    this.events = 0;
  }

  /** The driver has packets, or the TAP has room again. */
  transmit(): void {
    const queue = this.#queue;
    this.events = 0;
    if (queue === undefined) return;
    queue.suspendNotifications();
    for (let packets = 0; packets < PACKETS_A_TURN; packets++) {
      if (queue.next(this.#chain)) {
        if (this.#send(this.#chain)) {
          queue.stage(this.#chain.head, 0);
          continue;
        }
        queue.putBack(this.#chain.head);
        this.#counters.txWaits++;
      } else if (queue.resumeNotifications()) {
        continue;
      } else {
        queue.publish();
        return;
      }
      break;
    }
    queue.publish();
    // There is more: when the TAP has room, which is at once unless that was the reason.
    this.events = EPOLL.OUT;
  }

  /** @returns false when the packet has to wait */
  #send(chain: DescriptorChain): boolean {
    const counters = this.#counters;
    const { readableBytes: bytes } = chain;
    // A chain can name 4 GiB: the kernel would try to find memory for it.
    if (bytes < MIN_FRAME_BYTES || bytes > MAX_FRAME_BYTES) {
      counters.txMalformed++;
      return true;
    }
    for (let part = 0; part < chain.readableParts; part++) {
      this.#vectors.set(part, chain.addresses[part]!, chain.lengths[part]!);
    }
    const result = this.#vectors.writev(this.#tap, 0, chain.readableParts);
    if (result === -Errno.EAGAIN || result === -Errno.EINTR) return false;
    if (result < 0) {
      counters.txRefused++;
      this.isGone = result === -Errno.EBADFD;
    } else {
      counters.txPackets++;
      counters.txBytes += bytes;
    }
    return true;
  }
}
