import { EPOLL } from "../../../../ffi/epoll.ts";
import { Errno, isForLater } from "../../../../ffi/error.ts";
import { IoVectors } from "../../../../ffi/uio.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "./frame.ts";
import type { PairServices } from "./pair.ts";

const PACKETS_A_TURN = 64;

/**
 * From the driver to the TAP, or the metadata service: one call a packet, straight out of the driver's buffers. The kernel copies a frame once and
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
  readonly #services: PairServices;
  readonly #chain = new DescriptorChain();
  readonly #vectors = new IoVectors(MAX_QUEUE_SIZE);
  #queue: Queue | undefined;

  constructor(tap: number, services: PairServices) {
    this.#tap = tap;
    this.#services = services;
  }

  start(queue: Queue | undefined): void {
    this.#queue = queue;
  }

  rest(): void {
    this.events = 0;
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
      if (!queue.next(this.#chain)) {
        if (queue.resumeNotifications()) continue;
        return;
      }
      if (!this.#send(this.#chain)) {
        queue.putBack(this.#chain.head);
        return;
      }
      // Each at once: a driver that sends more meanwhile finds room, and a stream that waits for this one goes on.
      queue.complete(this.#chain.head, 0);
    }
    // There is more, for the next turn: a TAP with room is ready at once.
    this.events = EPOLL.OUT;
  }

  /** @returns false when the packet has to wait: for room in the TAP, or the rate limiter, which calls */
  #send(chain: DescriptorChain): boolean {
    const { counters, txThrottle } = this.#services;
    const { readableBytes: bytes } = chain;
    // A chain can name 4 GiB: the kernel would try to find memory for it.
    if (bytes < MIN_FRAME_BYTES || bytes > MAX_FRAME_BYTES) {
      counters.txMalformed++;
      counters.errors++;
      return true;
    }
    if (!txThrottle.admit(bytes)) return false;
    const result = this.#services.mmds?.take(chain) ? bytes : this.#write(chain);
    if (isForLater(result)) {
      txThrottle.giveBack(bytes);
      counters.txWaits++;
      this.events = EPOLL.OUT;
      return false;
    }
    if (result < 0) {
      this.isGone = result === -Errno.EBADFD;
      counters.txRefused++;
      counters.errors++;
    } else {
      counters.txPackets++;
      counters.txBytes += bytes;
      counters.bytes += bytes;
    }
    return true;
  }

  #write(chain: DescriptorChain): number {
    for (let part = 0; part < chain.readableParts; part++) {
      this.#vectors.set(part, chain.addresses[part]!, chain.lengths[part]!);
    }
    return this.#vectors.writev(this.#tap, 0, chain.readableParts);
  }
}
