import type { GuestMemory } from "../../../memory/guest.ts";
import { gather } from "../queue/bytes.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import type { Queue } from "../queue/queue.ts";

/** Tags of a statistic (virtio 1.2, section 5.5.6.4, and Linux's after the tenth), by their numbers. */
const NAMES = [
  ...["swap_in", "swap_out", "major_faults", "minor_faults", "free_memory", "total_memory", "available_memory"],
  ...["disk_caches", "hugetlb_allocations", "hugetlb_failures", "oom_kill", "alloc_stall", "async_scan"],
  ...["direct_scan", "async_reclaim", "direct_reclaim"],
] as const;
export type StatisticName = (typeof NAMES)[number];

/** struct virtio_balloon_stat, packed: a 16-bit tag, a 64-bit value. */
const STATISTIC_BYTES = 10;
/** Four times what there are: more in one buffer is nonsense. */
const MAX_STATISTICS = 64;

/**
 * The statistics queue. The driver puts its one buffer there, filled, and the device keeps it: giving it back is the
 * question for new ones (5.5.6.3).
 */
export class Statistics {
  /** What the guest said last; bytes, or how often. Values over 2^53 lose their last bits. */
  readonly values = new Map<StatisticName, number>();
  readonly #bytes = new Uint8Array(MAX_STATISTICS * STATISTIC_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  /** The descriptor of the buffer that is kept, -1 for none. */
  #kept = -1;

  /** Takes a filled buffer. One that was still kept goes back: there is never more than one. */
  take(queue: Queue, chain: DescriptorChain, memory: GuestMemory): void {
    const count = Math.floor(gather(chain, memory, this.#bytes) / STATISTIC_BYTES);
    for (let i = 0; i < count; i++) {
      const name = NAMES[this.#view.getUint16(i * STATISTIC_BYTES, true)];
      if (name !== undefined) this.values.set(name, Number(this.#view.getBigUint64(i * STATISTIC_BYTES + 2, true)));
    }
    this.ask(queue);
    this.#kept = chain.head;
  }

  /** Asks for new ones. A driver that has not answered yet is not asked again. */
  ask(queue: Queue): void {
    if (this.#kept >= 0) queue.complete(this.#kept, 0);
    this.#kept = -1;
  }

  /** The driver is gone, and its buffer with it. */
  reset(): void {
    this.#kept = -1;
  }
}
