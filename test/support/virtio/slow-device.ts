import type { VirtioContext, VirtioDevice } from "../../../src/devices/virtio/device.ts";
import { COMMON_FEATURES } from "../../../src/devices/virtio/features.ts";
import { DescriptorChain } from "../../../src/devices/virtio/queue/chain.ts";
import type { Queue } from "../../../src/devices/virtio/queue/queue.ts";

/** Where a request in flight writes, in this process. */
interface Flight {
  readonly queue: Queue;
  readonly head: number;
  readonly address: number;
  readonly length: number;
}

/** A device whose requests take as long as the test wants, as those of a disk do. */
export class SlowDevice implements VirtioDevice {
  readonly name = "slow";
  readonly id = 42;
  readonly countedAs = "slow";
  readonly features = COMMON_FEATURES;
  readonly queueSizes: readonly number[];
  readonly config = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  readonly writableConfig = { start: 4, end: 6 };
  readonly counters = {};
  readonly flights: Flight[] = [];
  /** Contexts it was activated with, resets it got, configurations the driver wrote. */
  readonly activations: VirtioContext[] = [];
  resets = 0;
  readonly written: Uint8Array[] = [];
  /** Thrown by the next call, once. */
  throws: { activate?: Error; process?: Error } = {};
  readonly #chain = new DescriptorChain();
  #context: VirtioContext | undefined;

  constructor(queueSizes: readonly number[] = [256]) {
    this.queueSizes = queueSizes;
  }

  get isBusy(): boolean {
    return this.flights.length > 0;
  }

  activate(context: VirtioContext): void {
    this.#fail("activate");
    this.#context = context;
    this.activations.push(context);
  }

  process(index: number): boolean {
    this.#fail("process");
    const queue = this.#context?.queues[index];
    while (queue?.next(this.#chain)) {
      const { head, addresses, lengths } = this.#chain;
      this.flights.push({ queue, head, address: addresses[0]!, length: lengths[0]! });
    }
    return queue?.resumeNotifications() ?? false;
  }

  configWritten(config: Uint8Array): void {
    this.written.push(config);
  }

  reset(): void {
    this.resets++;
    this.#context = undefined;
  }

  /** Completes the oldest request. Call it through `VirtioBackend.run`. */
  readonly land = (): void => {
    const flight = this.flights.shift();
    flight?.queue.complete(flight.head, flight.length);
  };

  #fail(call: "activate" | "process"): void {
    const error = this.throws[call];
    delete this.throws[call];
    if (error) throw error;
  }
}
