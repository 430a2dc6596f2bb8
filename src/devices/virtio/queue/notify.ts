/** Who wants to be told of what: suppression of kicks and interrupts (virtio 1.2, sections 2.7.7 and 2.7.10). */
import {
  Avail,
  availEventIndex,
  Used,
  usedEventIndex,
  VIRTQ_AVAIL_F_NO_INTERRUPT,
  VIRTQ_USED_F_NO_NOTIFY,
} from "./layout.ts";
import type { Rings } from "./rings.ts";

/**
 * Each side first moves its own index, then reads what the other wants; the other says what it wants first, then reads
 * the index again. One of them sees the other, if nothing is reordered: both accesses are atomic ones, which JavaScript
 * orders totally and the processor fences.
 */
export class Notifications {
  readonly #rings: Rings;
  /** VIRTIO_F_EVENT_IDX was negotiated. */
  readonly #eventIndex: boolean;
  /** The used index when the driver was last told of it. */
  #told = 0;

  constructor(rings: Rings, eventIndex: boolean) {
    this.#rings = rings;
    this.#eventIndex = eventIndex;
  }

  /** Whether the driver wants an interrupt for what was used up to index `used`. Asked once for each stretch. */
  interruptIsWanted(used: number): boolean {
    const { avail, size } = this.#rings;
    const from = this.#told;
    this.#told = used;
    if (from === used) return false;
    if (!this.#eventIndex) return (Atomics.load(avail, Avail.FLAGS) & VIRTQ_AVAIL_F_NO_INTERRUPT) === 0;
    return isPast(Atomics.load(avail, usedEventIndex(size)), used, from);
  }

  /** Whether buffers were used that `interruptIsWanted` has not been asked about. */
  isBehind(used: number): boolean {
    return this.#told !== used;
  }

  /** No kicks, please: the queue is being looked at. With event index the old `avail_event` says so by itself. */
  suspend(): void {
    if (!this.#eventIndex) Atomics.store(this.#rings.used, Used.FLAGS, VIRTQ_USED_F_NO_NOTIFY);
  }

  /** The next buffer after available index `next` is to be announced. Look at the ring again after this. */
  resume(next: number): void {
    const { used, size } = this.#rings;
    if (this.#eventIndex) Atomics.store(used, availEventIndex(size), next);
    else Atomics.store(used, Used.FLAGS, 0);
  }
}

/**
 * Whether an index that moved from `from` to `to` has passed `event`: vring_need_event of 2.7.7.1, modulo 2^16. Any
 * value of `event` gives an answer: a driver that poisons it only gets interrupts too many or too few.
 */
export function isPast(event: number, to: number, from: number): boolean {
  return ((to - event - 1) & 0xffff) < ((to - from) & 0xffff);
}
