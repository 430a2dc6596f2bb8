import { Epoll } from "../../../../ffi/epoll.ts";
import type { EventSource, VirtioContext } from "../device.ts";
import type { PairServices, QueuePair } from "./pair.ts";
import { Receiver } from "./receive.ts";
import { Transmitter } from "./transmit.ts";

const TOKEN = 0;

/**
 * A queue pair that volt serves. The TAP is in an epoll of its own, which the main loop watches: a TAP that nobody can
 * read just then must not wake it again and again, and is taken out.
 */
export class TapPair implements QueuePair {
  readonly sources: readonly EventSource[];
  /** All is done within a turn: between two of them buffers are only remembered. */
  readonly isBusy = false;
  readonly #tap: number;
  readonly #receiver: Receiver;
  readonly #transmitter: Transmitter;
  readonly #services: PairServices;
  readonly #epoll = new Epoll("a TAP");
  /** What it is watched for now. */
  #watched = 0;

  constructor(tap: number, services: PairServices) {
    this.#tap = tap;
    this.#receiver = new Receiver(tap, services);
    this.#transmitter = new Transmitter(tap, services);
    this.#services = services;
    this.sources = [{ fd: this.#epoll.number, ready: () => this.#ready() }];
  }

  start({ queues, features }: VirtioContext, pair: number): void {
    this.#receiver.start(queues[2 * pair], features);
    this.#transmitter.start(queues[2 * pair + 1]);
  }

  transmit(): void {
    this.#send();
    this.#settle();
  }

  receive(): void {
    this.#receiver.receive();
    this.#settle();
  }

  rest(): void {
    this.#receiver.rest();
    this.#transmitter.rest();
    this.#watch(0);
  }

  stop(): void {
    this.#receiver.stop();
    this.#transmitter.stop();
    this.#watch(0);
  }

  /** What it is ready for shows when it is tried. */
  #ready(): void {
    this.#services.counters.tapEvents++;
    if (this.#transmitter.events !== 0) this.#send();
    if (this.#receiver.events !== 0) this.#receiver.receive();
    this.#settle();
  }

  #send(): void {
    this.#transmitter.transmit();
    // The metadata service answers at once.
    if (this.#services.mmds?.hasOutput) this.#receiver.receive();
  }

  #settle(): void {
    if (this.#receiver.isGone || this.#transmitter.isGone) {
      // Watched, it would be "ready" for ever.
      this.#watch(0);
      this.#services.gone();
    } else {
      this.#watch(this.#receiver.events | this.#transmitter.events);
    }
  }

  #watch(events: number): void {
    if (events === this.#watched) return;
    if (events === 0) this.#epoll.remove(this.#tap);
    else if (this.#watched === 0) this.#epoll.add(this.#tap, events, TOKEN);
    else this.#epoll.modify(this.#tap, events, TOKEN);
    this.#watched = events;
  }
}
