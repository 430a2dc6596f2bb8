import type { RateLimiterConfig } from "../../../config/devices.ts";
import type { EntropyControls } from "../controls.ts";
import type { EventSource, VirtioContext, VirtioDevice } from "../device.ts";
import { COMMON_FEATURES } from "../features.ts";
import { type Alarm, Throttle } from "../limiter/throttle.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { LATER, serveQueue } from "../queue/serve.ts";
import { newCounters } from "./counters.ts";
import { fillChain, wantedBytes } from "./request.ts";

/** Device type "entropy source" (virtio 1.2, section 5.4). */
const VIRTIO_ID_RNG = 4;
/** Requests in one turn: 64 KiB each take the host's generator a good while. */
const REQUESTS_A_TURN = 16;

/** The entropy device: fills the guest's buffers with the host's random bytes. One queue, no configuration space. */
export class RngDevice implements VirtioDevice {
  readonly name = "rng";
  readonly id = VIRTIO_ID_RNG;
  readonly countedAs = "entropy";
  readonly features = COMMON_FEATURES;
  readonly queueSizes = [MAX_QUEUE_SIZE];
  readonly config = new Uint8Array(0);
  /** Every request is done within its turn. */
  readonly isBusy = false;
  readonly counters = newCounters();
  readonly sources: readonly EventSource[];
  readonly controls: EntropyControls;
  readonly #chain = new DescriptorChain();
  readonly #throttle: Throttle;
  #queue: Queue | undefined;

  /** @param test how a test tells the time */
  constructor(limits?: RateLimiterConfig, test?: { alarm: Alarm; now: () => number }) {
    this.#throttle = new Throttle({ limits, counters: this.counters, resume: () => this.process(), ...test });
    this.sources = this.#throttle.sources;
    const throttle = this.#throttle;
    this.controls = {
      kind: "entropy",
      get limits() {
        return throttle.limits;
      },
      limit: (limits) => throttle.update(limits),
    };
  }

  activate({ queues }: VirtioContext): void {
    this.#queue = queues[0];
  }

  process(): boolean {
    return this.#queue !== undefined && serveQueue(this.#queue, this.#chain, REQUESTS_A_TURN, this.#serve);
  }

  reset(): void {
    this.#queue = undefined;
  }

  readonly #serve = (chain: DescriptorChain): number =>
    this.#throttle.admit(wantedBytes(chain)) ? fillChain(chain, this.counters) : LATER;
}
