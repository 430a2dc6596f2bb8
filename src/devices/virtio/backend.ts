import type { GuestMemory } from "../../memory/guest.ts";
import type { InterruptLine } from "../device.ts";
import { activateQueues } from "./activate.ts";
import type { DeviceHost, LineDescriptors, VirtioDevice } from "./device.ts";
import type { Queue } from "./queue/queue.ts";
import { VirtioTransport } from "./transport/backend.ts";
import type { VirtioState } from "./transport/state.ts";

/** What a back end is connected to. */
export interface BackendLines {
  /** Into the guest. */
  readonly interrupt: InterruptLine;
  /** One a queue: what the driver's notifications raise. Raised here to come back for more. */
  readonly kicks: readonly InterruptLine[];
  /** The same, as the kernel knows them. */
  readonly descriptors: LineDescriptors;
}

/**
 * Runs a device on the I/O thread: brings it to life and to rest as its driver asks, hands it its kicks, sends its
 * interrupts. Whatever a driver or the device itself does wrong ends here, with DEVICE_NEEDS_RESET: neighbours never
 * notice, and a reset brings the device back.
 */
export class VirtioBackend implements DeviceHost {
  readonly device: VirtioDevice;
  readonly counters = {
    chains: 0,
    brokenChains: 0,
    interrupts: 0,
    interruptsSuppressed: 0,
    faults: 0,
    activationFailures: 0,
  };
  /** Kicks of each queue; of those that the host's kernel serves it hears nothing. */
  readonly kicks: number[];
  readonly #transport: VirtioTransport;
  readonly #memory: GuestMemory;
  readonly #lines: BackendLines;
  readonly #report: (problem: string) => void;
  /** The device's queues while it is active. */
  #queues: readonly (Queue | undefined)[] | undefined;
  /** The reset count this driver began with. */
  #epoch = 0;
  /** It needs a reset: it is not activated again before. */
  #isBroken = false;
  /** The queue whose kick is served; a field, so that serving it needs no new closure. */
  #kicked = 0;
  readonly #process = (): void => {
    if (this.device.process(this.#kicked)) this.revisit(this.#kicked);
  };

  /**
   * @param report is told of every warning of the device's (`warn`), but of the first fault only: a guest that repeats one
   * must not fill the host's log
   */
  constructor(
    device: VirtioDevice,
    state: VirtioState,
    memory: GuestMemory,
    lines: BackendLines,
    report: (problem: string) => void,
  ) {
    this.device = device;
    this.kicks = device.queueSizes.map(() => 0);
    this.#transport = new VirtioTransport(state, lines.interrupt);
    this.#memory = memory;
    this.#lines = lines;
    this.#report = report;
    device.connect?.(this);
  }

  /** A queue was kicked. Kicks of a device that does not run, or of a queue it has not, do nothing. */
  kick(queue: number): void {
    if (queue < this.kicks.length) this.kicks[queue]!++;
    this.#kicked = queue;
    if (this.#enter()) this.#work(this.#process);
  }

  /**
   * Does a piece of the device's work: `work` may use guest memory, complete requests, and change `isBusy`. Events of the
   * device's own descriptors come in this way too.
   *
   * It runs for a device at rest as well, which has no queues then: what is in flight must come home even for a driver
   * that is gone, and a descriptor that nobody reads would wake the thread for ever.
   */
  run(work: () => void): void {
    this.#enter();
    this.#work(work);
  }

  /** Does what the driver asks for by the registers: call it after a wake. Cheap when there is nothing. */
  serve(): void {
    const { epoch, wantsReset, isRunning } = this.#transport.request();
    if (epoch !== this.#epoch || wantsReset) this.#rest();
    this.#epoch = epoch;
    if (wantsReset) {
      if (this.device.isBusy) return;
      this.#transport.finishReset();
      this.#epoch = this.#transport.request().epoch;
      return;
    }
    if (!isRunning || this.#isBroken) return;
    if (!this.#queues) this.#activate();
    this.#takeConfigWrite();
  }

  /** Changes configuration space, and tells the driver. @throws RangeError past its end */
  changeConfig(offset: number, bytes: Uint8Array): void {
    this.#transport.changeConfig(offset, bytes);
  }

  warn(text: string): void {
    this.#report(`${this.device.name}: ${text}`);
  }

  /** Comes back to a queue as if it had been kicked. */
  revisit(queue: number): void {
    this.#lines.kicks[queue]?.raise();
  }

  /** Afterwards the device has queues only if it may use them: a reset that was missed, or is asked for, takes them. */
  #enter(): boolean {
    if (this.#queues && this.#transport.enter(this.#epoch)) return true;
    this.serve();
    if (!this.#queues) return false;
    if (this.#transport.enter(this.#epoch)) return true;
    // Reset once more in this very moment. The wake that came with it does the rest.
    this.#rest();
    return false;
  }

  #work(work: () => void): void {
    try {
      work();
      this.#settle();
    } catch (error) {
      this.#break(`failed: ${error instanceof Error ? error.message : error}`);
    }
    if (this.#transport.leave(this.device.isBusy)) this.serve();
  }

  /** Buffers may wait in queues since before the driver said DRIVER_OK, with or without a kick: each gets a turn. */
  #activate(): void {
    if (!this.#transport.enter(this.#epoch)) return;
    try {
      const features = this.#transport.negotiatedFeatures();
      const settings = this.device.queueSizes.map((_, queue) => this.#transport.queueSettings(queue));
      const queues = activateQueues(this.#memory, settings, features, this.counters);
      this.#queues = queues;
      const { descriptors: lines } = this.#lines;
      this.device.activate({ memory: this.#memory, features, queues, settings, lines });
      for (const kick of this.#lines.kicks) kick.raise();
    } catch (error) {
      this.counters.activationFailures++;
      this.#break(`can't be activated: ${error instanceof Error ? error.message : error}`);
    }
    if (this.#transport.leave(this.device.isBusy)) this.serve();
  }

  #takeConfigWrite(): void {
    if (!this.#queues || !this.device.configWritten) return;
    const config = this.#transport.takeConfigWrite();
    if (config) this.run(() => this.device.configWritten?.(config));
  }

  /** Interrupts once for all that was completed, unless the driver asked for none. Ends the device if a ring is bad. */
  #settle(): void {
    const queues = this.#queues ?? [];
    let isWanted = false;
    let problem: string | undefined;
    for (let i = 0; i < queues.length; i++) {
      const queue = queues[i];
      if (!queue) continue;
      if (queue.fault !== undefined) problem ??= `queue ${i}: ${queue.fault}`;
      if (!queue.hasUntold) continue;
      if (queue.shouldInterrupt()) isWanted = true;
      else this.counters.interruptsSuppressed++;
    }
    if (isWanted) {
      this.counters.interrupts++;
      this.#transport.raiseUsedBuffer();
    }
    if (problem !== undefined) this.#break(problem);
  }

  #break(problem: string): void {
    this.#rest();
    this.#isBroken = true;
    this.#transport.needsReset();
    if (this.counters.faults++ === 0) this.#report(`${this.device.name}: ${problem}: its driver has to reset it`);
  }

  #rest(): void {
    if (this.#queues) {
      for (const queue of this.#queues) queue?.retire();
      this.#queues = undefined;
      this.device.reset();
    }
    this.#isBroken = false;
  }
}
