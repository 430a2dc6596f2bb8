/** A thread of threads.test.ts: a guest whose driver waits for interrupts, and then one that resets all the time. */
import { EPOLL, Epoll } from "../../../../ffi/epoll.ts";
import { EventFd } from "../../../../ffi/eventfd.ts";
import { memoryAt } from "../../../../ffi/memory.ts";
import { VirtioMmio } from "../../../../src/devices/virtio/transport/mmio.ts";
import { VIRTIO_STATE_BYTES, VirtioState } from "../../../../src/devices/virtio/transport/state.ts";
import { GuestMemory, type Region } from "../../../../src/memory/guest.ts";
import { FakeDriver } from "../../../support/virtio/driver.ts";

declare const self: Worker;

/** What the test tells the guest: where everything is, and how much to do. */
export interface GuestOrder {
  readonly state: number;
  readonly regions: readonly Region[];
  readonly interrupt: number;
  readonly wake: number;
  readonly kick: number;
  readonly requests: number;
  readonly resets: number;
  /** Whether a vCPU is held in its reset; else the driver reads the status until it is 0. */
  readonly isHeld: boolean;
}

/** How it went. */
export interface GuestReport {
  /** Requests that came back. */
  readonly served: number;
  readonly kicks: number;
  /** Resets that were done. */
  readonly resets: number;
  /** Resets after which the device still wrote to a buffer. */
  readonly late: number;
  /** Resets that the register showed as still under way. */
  readonly waited: number;
}

const BUFFER = 0x10_0000;
/** Filling one takes the device some 50 us: there is time to reset it meanwhile. */
const BUFFER_BYTES = 16384;
/** Nothing happens for so long only when an interrupt or a kick has been lost. */
const SILENCE_MS = 5000;
const MOST_POLLS = 50_000_000;

self.onmessage = ({ data }: MessageEvent<GuestOrder>) => self.postMessage(run(data));

function run(order: GuestOrder): GuestReport {
  const memory = GuestMemory.attach(order.regions);
  const line = (number: number) => {
    const eventFd = EventFd.attach(number, "the test's line");
    return { raise: () => eventFd.signal() };
  };
  const state = new VirtioState(memoryAt(order.state, VIRTIO_STATE_BYTES));
  const mmio = new VirtioMmio(state, [line(order.kick)], line(order.wake), () => order.isHeld);
  const driver = new FakeDriver({ mmio, memory });
  return { ...ask(driver, order), ...resetOften(driver, memory.view(BUFFER, BUFFER_BYTES)!, order.resets) };
}

/** Requests in bunches; a kick only where the device wants one, the next bunch when an interrupt has told of the last. */
function ask(driver: FakeDriver, { interrupt, requests }: GuestOrder): { served: number; kicks: number } {
  const line = EventFd.attach(interrupt, "the test's interrupt line");
  using epoll = new Epoll("the test's guest");
  epoll.add(interrupt, EPOLL.IN, 0);
  driver.start();
  const { queue } = driver;
  let served = 0;
  let kicks = 0;
  for (let asked = 0; served < requests; ) {
    for (let bunch = 1 + (asked % 7); bunch > 0 && asked < requests && asked - served < 8; bunch--, asked++) {
      const before = queue.availIdx;
      queue.add({ address: BUFFER, length: 1, writable: true });
      fence();
      if (!queue.wantsKick(before)) continue;
      queue.kick();
      kicks++;
    }
    // Now and then it looks for itself, so that both sides meet in the middle of what they do.
    for (let spins = (asked * 31) % 500; spins > 0; spins--) fence();
    const more = takeAll(driver);
    served += more;
    if (more > 0) continue;
    if (epoll.wait(SILENCE_MS) === 0) break;
    line.take();
    driver.takeInterrupt();
  }
  return { served, kicks };
}

/** Takes what has come back, asks to be told of the next, and looks once more. */
function takeAll({ queue }: FakeDriver): number {
  let taken = 0;
  for (;;) {
    const count = queue.takeUsed().length;
    fence();
    if (count === 0) return taken;
    taken += count;
  }
}

/** A buffer that belongs to the guest again is zeroed, and must stay so. */
function resetOften(driver: FakeDriver, buffer: Uint8Array, resets: number) {
  let late = 0;
  let waited = 0;
  for (let i = 0; i < resets; i++) {
    driver.start();
    for (let n = 0; n < 8; n++) driver.queue.add({ address: BUFFER, length: BUFFER_BYTES, writable: true });
    driver.queue.kick();
    for (let spins = (i * 7919) % 40_000; spins > 0; spins--) fence();
    driver.reset();
    if (driver.status !== 0) waited++;
    for (let polls = 0; driver.status !== 0; polls++) {
      if (polls > MOST_POLLS) return { resets: i, late, waited };
    }
    buffer.fill(0);
    for (let spins = 0; spins < 20_000; spins++) fence();
    if (buffer.some((byte) => byte !== 0)) late++;
  }
  return { resets, late, waited };
}

const anywhere = new Int32Array(new SharedArrayBuffer(4));

/** Everything written before is seen by others before anything after is read. */
function fence(): void {
  Atomics.add(anywhere, 0, 1);
}
