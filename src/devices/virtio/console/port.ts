import type { GuestMemory } from "../../../memory/guest.ts";
import { scatter } from "../queue/bytes.ts";
import { DescriptorChain } from "../queue/chain.ts";
import type { Queue } from "../queue/queue.ts";
import type { ConsoleCounters } from "./counters.ts";

/** Where a port's output goes. */
export interface PortSink {
  /** Takes bytes of guest memory, good until it returns. @returns how many it took, from the first; 0: none for now */
  write(bytes: Uint8Array): number;
}

/** What became of a port's output. */
export type Drained =
  /** All is out: a kick tells of more. */
  | "empty"
  /** The sink takes no more for now: the rest stays in the driver's queue, which so comes to wait. */
  | "blocked"
  /** There is more than one turn should take. */
  | "more";

/** One turn's share, so that a guest that prints without end leaves time for other devices. Bytes, and chains. */
const BYTES_A_TURN = 0x4_0000;
const CHAINS_A_TURN = 64;

/** One port of a console device: a stream of bytes each way, straight out of and into the driver's buffers. */
export class ConsolePort {
  /** By which the guest finds it: /sys/class/virtio-ports/.../name. A port without a name is a console. */
  readonly name: string | undefined;
  /** Whether the guest has it open. */
  isGuestOpen = false;
  /** The guest had it open, and closed it. */
  wasClosed = false;
  /** Whether the host has: the guest reads an end of file where it has not, and waits with what it writes. */
  isHostOpen = true;
  /** What the last turn left. */
  drained: Drained = "empty";
  readonly #sink: PortSink;
  readonly #counters: ConsoleCounters;
  #memory: GuestMemory | undefined;
  #receive: Queue | undefined;
  #transmit: Queue | undefined;
  readonly #input = new DescriptorChain();
  /** What is on its way out: a chain, and how much of it is done: whole parts, and bytes of the next. */
  readonly #output = new DescriptorChain();
  #hasOutput = false;
  #part = 0;
  #offset = 0;

  constructor(name: string | undefined, sink: PortSink, counters: ConsoleCounters) {
    this.name = name;
    this.#sink = sink;
    this.#counters = counters;
  }

  activate(memory: GuestMemory, receive: Queue | undefined, transmit: Queue | undefined): void {
    this.#memory = memory;
    this.#receive = receive;
    this.#transmit = transmit;
  }

  reset(): void {
    this.#memory = this.#receive = this.#transmit = undefined;
    this.isGuestOpen = this.wasClosed = this.#hasOutput = false;
    this.drained = "empty";
  }

  setGuestOpen(isOpen: boolean): void {
    this.wasClosed = this.isGuestOpen && !isOpen;
    this.isGuestOpen = isOpen;
  }

  /** Moves output to the sink, for one turn. A chain goes back when the last of it is out. */
  drain(): Drained {
    const queue = this.#transmit;
    this.drained = queue ? this.#drain(queue) : "empty";
    return this.drained;
  }

  /** Gives the guest input. @returns how many bytes it had buffers for, from the first: none while it has the port closed */
  feed(bytes: Uint8Array): number {
    const queue = this.#receive;
    if (!queue || !this.#memory || !this.isGuestOpen) return 0;
    let fed = 0;
    // Buffers without a writable byte go back as they are, no more than the queue is long. All used up, the driver is asked to
    // tell when it has more: nobody else would.
    for (let idle = 0; idle <= queue.size && fed < bytes.length; ) {
      if (queue.next(this.#input)) {
        const count = scatter(this.#input, this.#memory, bytes.subarray(fed));
        queue.complete(this.#input.head, count);
        fed += count;
        if (count === 0) idle++;
      } else if (queue.resumeNotifications()) idle++;
      else break;
    }
    this.#counters.bytes += fed;
    return fed;
  }

  #drain(queue: Queue): Drained {
    queue.suspendNotifications();
    let left = BYTES_A_TURN;
    for (let turn = 0; turn < CHAINS_A_TURN && left > 0; turn++) {
      if (!this.#hasOutput && !this.#take(queue)) {
        if (queue.resumeNotifications()) continue;
        return "empty";
      }
      left -= this.#write(left);
      if (this.#part === this.#output.readableParts) {
        this.#hasOutput = false;
        queue.complete(this.#output.head, 0);
      } else if (left > 0) return "blocked";
    }
    return "more";
  }

  #take(queue: Queue): boolean {
    this.#hasOutput = queue.next(this.#output);
    this.#part = this.#offset = 0;
    return this.#hasOutput;
  }

  /** Up to `most` bytes of the chain, until the sink takes no more. Parts the device may write mean nothing here. @returns bytes */
  #write(most: number): number {
    let done = 0;
    while (this.#part < this.#output.readableParts && done < most) {
      const rest = this.#output.lengths[this.#part]! - this.#offset;
      const bytes = this.#memory!.bytesAt(
        this.#output.addresses[this.#part]! + this.#offset,
        Math.min(rest, most - done),
      );
      const count = this.#sink.write(bytes);
      if (count === 0) break;
      done += count;
      this.#offset += count;
      if (count === rest) {
        this.#part++;
        this.#offset = 0;
      }
    }
    this.#counters.bytes += done;
    return done;
  }
}
