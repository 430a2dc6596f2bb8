import type { GuestMemory } from "../../../memory/guest.ts";
import type { DescriptorChain } from "./chain.ts";
import type { ChainFault, RingFault } from "./fault.ts";
import { Avail, Used, UsedElement } from "./layout.ts";
import { Notifications } from "./notify.ts";
import type { Rings } from "./rings.ts";

/** What queues count. */
export interface QueueCounters {
  /** Chains given to the device. */
  chains: number;
  /** Chains sent back because they were broken. */
  brokenChains: number;
}

/**
 * The device's side of a split virtqueue (virtio 1.2, section 2.7) for as long as a driver runs it. Nothing here
 * allocates or trusts the guest: its rings can hold anything, and change at any moment.
 */
export class Queue {
  readonly size: number;
  /** A ring that makes no sense. From then on nothing is taken and nothing given back: the device needs a reset. */
  fault: RingFault | undefined;
  readonly counters: QueueCounters;
  /** What was wrong with the last broken chain. */
  lastChainFault: ChainFault | undefined;

  readonly #memory: GuestMemory;
  readonly #rings: Rings;
  readonly #notifications: Notifications;
  readonly #mask: number;
  /** Heads that are the device's: taken and not yet completed. */
  readonly #taken: Uint8Array;
  #isRetired = false;
  /** Free-running 16-bit indices: the next entry to take, the next to give back. */
  #nextAvail = 0;
  #nextUsed = 0;

  /**
   * @param eventIndex VIRTIO_F_EVENT_IDX was negotiated
   * @param counters where it counts: a queue lasts as long as its driver, its device's counters do not start anew
   */
  constructor(memory: GuestMemory, rings: Rings, eventIndex: boolean, counters: QueueCounters) {
    this.counters = counters;
    this.#memory = memory;
    this.#rings = rings;
    this.#notifications = new Notifications(rings, eventIndex);
    this.size = rings.size;
    this.#mask = rings.size - 1;
    this.#taken = new Uint8Array(rings.size);
  }

  /**
   * Takes the next chain. Broken ones go back with nothing written, no more than the queue is long in one call: a driver
   * that adds them as fast as they are sent back holds up nobody.
   * @returns false when there is none, or `fault` is set
   */
  next(chain: DescriptorChain): boolean {
    for (let tries = 0; tries < this.size; tries++) {
      const head = this.#takeHead();
      if (head < 0) return false;
      const problem = chain.walk(this.#rings.descriptors, this.size, head, this.#memory);
      if (problem === undefined) {
        this.counters.chains++;
        return true;
      }
      this.counters.brokenChains++;
      this.lastChainFault = problem;
      this.complete(head, 0);
    }
    return false;
  }

  /**
   * Leaves the chain that `next` has just given where it was: the next call takes it again, and checks it anew.
   * @param head as in that chain
   */
  putBack(head: number): void {
    if (this.#taken[head] !== 1) throw new RangeError(`descriptor ${head} is put back, but was not taken`);
    this.#taken[head] = 0;
    this.#nextAvail = (this.#nextAvail - 1) & 0xffff;
    this.counters.chains--;
  }

  /**
   * Gives a chain back. The driver sees it at once, but is not interrupted before `shouldInterrupt` is asked.
   * @param head as in the chain `next` filled
   * @param written bytes the device wrote into the writable parts, counted from their beginning
   * @throws RangeError for a head that is not the device's: a mistake of ours, for which no ring is written
   */
  complete(head: number, written: number): void {
    this.stage(head, written);
    this.publish();
  }

  /** Gives a chain back as `complete` does, but the driver only sees it with the next `publish`: for what belongs together. */
  stage(head: number, written: number): void {
    if (this.#taken[head] !== 1) throw new RangeError(`descriptor ${head} is completed, but was not taken`);
    this.#taken[head] = 0;
    if (this.#isRetired || this.fault !== undefined) return;
    const { usedElements } = this.#rings;
    const at = UsedElement.FIRST + (this.#nextUsed & this.#mask) * UsedElement.WORDS;
    usedElements[at + UsedElement.ID] = head;
    usedElements[at + UsedElement.LENGTH] = written;
    this.#nextUsed = (this.#nextUsed + 1) & 0xffff;
  }

  /** Lets the driver see all that was staged. */
  publish(): void {
    if (this.#isRetired || this.fault !== undefined) return;
    // After the elements (2.7.8.2). Never read back: the driver may have written anything there.
    Atomics.store(this.#rings.used, Used.IDX, this.#nextUsed);
  }

  /** Whether the driver wants an interrupt for all that was completed since this was last asked. */
  shouldInterrupt(): boolean {
    return this.#notifications.interruptIsWanted(this.#nextUsed);
  }

  /** Whether anything was completed since `shouldInterrupt` was last asked. */
  get hasUntold(): boolean {
    return this.#notifications.isBehind(this.#nextUsed);
  }

  /** Asks the driver not to kick: the ring is being looked at anyway. A hint, it may kick all the same. */
  suspendNotifications(): void {
    this.#notifications.suspend();
  }

  /**
   * Asks for a kick when more becomes available.
   * @returns true when more has already: no kick will come for it, take it now
   */
  resumeNotifications(): boolean {
    if (this.#isRetired || this.fault !== undefined) return false;
    this.#notifications.resume(this.#nextAvail);
    return Atomics.load(this.#rings.avail, Avail.IDX) !== this.#nextAvail;
  }

  /**
   * The driver is gone: its rings are plain memory again, and from here on nothing of this queue touches them, not even
   * the completion of what is in flight.
   */
  retire(): void {
    this.#isRetired = true;
  }

  /** The next head from the available ring, or -1. */
  #takeHead(): number {
    if (this.#isRetired || this.fault !== undefined) return -1;
    const { avail } = this.#rings;
    const waiting = (Atomics.load(avail, Avail.IDX) - this.#nextAvail) & 0xffff;
    if (waiting === 0) return -1;
    if (waiting > this.size) return this.#break("the available index jumped");
    const head = avail[Avail.RING + (this.#nextAvail & this.#mask)]!;
    if (head >= this.size) return this.#break("a head is no descriptor");
    if (this.#taken[head] === 1) return this.#break("a head was made available twice");
    this.#taken[head] = 1;
    this.#nextAvail = (this.#nextAvail + 1) & 0xffff;
    return head;
  }

  #break(fault: RingFault): -1 {
    this.fault = fault;
    return -1;
  }
}
