import { monotonicNs } from "../../../ffi/clock.ts";
import { isReady, POLL } from "../../../ffi/poll.ts";
import type { InterruptLine } from "../../../src/devices/device.ts";
import { VirtioBackend } from "../../../src/devices/virtio/backend.ts";
import type { LineDescriptors, VirtioDevice } from "../../../src/devices/virtio/device.ts";
import { VirtioMmio } from "../../../src/devices/virtio/transport/mmio.ts";
import { VIRTIO_STATE_BYTES, VirtioState } from "../../../src/devices/virtio/transport/state.ts";
import type { GuestMemory } from "../../../src/memory/guest.ts";

/** What stands for an eventfd: remembers that it was raised until somebody takes it, and counts. */
export class FakeLine implements InterruptLine {
  raised = 0;
  #isPending = false;

  raise(): void {
    this.raised++;
    this.#isPending = true;
  }

  take(): boolean {
    const was = this.#isPending;
    this.#isPending = false;
    return was;
  }
}

/** More turns than any honest or hostile queue of 256 takes: beyond, something goes round in circles. */
const MOST_TURNS = 1000;
/** How long the host may take for what is under way. */
const FINISH_NS = 10e9;

/**
 * One device, both its sides, without a machine: what a vCPU does (`mmio`) and what the I/O thread does (`turn`) happens
 * when the test says so.
 */
export class VirtioRig<Device extends VirtioDevice = VirtioDevice> {
  readonly device: Device;
  readonly memory: GuestMemory;
  readonly state: VirtioState;
  readonly mmio: VirtioMmio;
  readonly backend: VirtioBackend;
  readonly interrupt = new FakeLine();
  readonly wake = new FakeLine();
  readonly kicks: readonly FakeLine[];
  /** What the back end had to say. */
  readonly reports: string[] = [];

  /** @param numbers of real descriptors, for devices whose queues are the host kernel's */
  constructor(device: Device, memory: GuestMemory, numbers?: LineDescriptors) {
    this.device = device;
    this.memory = memory;
    this.state = new VirtioState(new ArrayBuffer(VIRTIO_STATE_BYTES));
    this.state.describe(device);
    this.kicks = device.queueSizes.map(() => new FakeLine());
    this.mmio = new VirtioMmio(this.state, this.kicks, this.wake);
    const descriptors = numbers ?? { interrupt: -1, kicks: this.kicks.map(() => -1) };
    const lines = { interrupt: this.interrupt, kicks: this.kicks, descriptors };
    this.backend = new VirtioBackend(device, this.state, memory, lines, (problem) => this.reports.push(problem));
  }

  /** The I/O thread serves what was raised, until nothing is. @returns how many turns that took */
  turn(): number {
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      if (!this.#serveOnce()) return turns;
    }
    throw new Error(`still something to do after ${MOST_TURNS} turns`);
  }

  /** Goes on until no request is under way any more. */
  finish(): void {
    for (const deadline = monotonicNs() + FINISH_NS; ; Bun.sleepSync(0.1)) {
      this.turn();
      if (!this.device.isBusy) return;
      if (monotonicNs() > deadline) throw new Error("requests that never end");
    }
  }

  #serveOnce(): boolean {
    let served = false;
    if (this.wake.take()) {
      served = true;
      this.backend.serve();
    }
    this.kicks.forEach((kick, queue) => {
      if (!kick.take()) return;
      served = true;
      this.backend.kick(queue);
    });
    for (const { fd, ready } of this.device.sources ?? []) {
      if (!isReady(fd, POLL.IN)) continue;
      served = true;
      this.backend.run(ready);
    }
    return served;
  }
}
