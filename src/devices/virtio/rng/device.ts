import type { VirtioContext, VirtioDevice } from "../device.ts";
import { COMMON_FEATURES } from "../features.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { serveQueue } from "../queue/serve.ts";
import { newCounters } from "./counters.ts";
import { fillChain } from "./request.ts";

/** Device type "entropy source" (virtio 1.2, section 5.4). */
const VIRTIO_ID_RNG = 4;
/** Requests in one turn: 64 KiB each take the host's generator a good while. */
const REQUESTS_A_TURN = 16;

/** The entropy device: fills the guest's buffers with the host's random bytes. One queue, no configuration space. */
export class RngDevice implements VirtioDevice {
  readonly name = "rng";
  readonly id = VIRTIO_ID_RNG;
  readonly features = COMMON_FEATURES;
  readonly queueSizes = [MAX_QUEUE_SIZE];
  readonly config = new Uint8Array(0);
  /** Every request is done within its turn. */
  readonly isBusy = false;
  readonly counters = newCounters();
  readonly #chain = new DescriptorChain();
  #queue: Queue | undefined;

  activate({ queues }: VirtioContext): void {
    this.#queue = queues[0];
  }

  process(): boolean {
    return this.#queue !== undefined && serveQueue(this.#queue, this.#chain, REQUESTS_A_TURN, this.#serve);
  }

  reset(): void {
    this.#queue = undefined;
  }

  readonly #serve = (chain: DescriptorChain): number => fillChain(chain, this.counters);
}
