/** A guest with two entropy devices: a test maltreats the first, the second must never notice. */
import { expect } from "bun:test";
import { MmdsStore } from "../../../../src/devices/mmds/store.ts";
import type { SharedParts } from "../../../../src/devices/virtio/kind.ts";
import { RngDevice } from "../../../../src/devices/virtio/rng/device.ts";
import { Status } from "../../../../src/devices/virtio/transport/registers.ts";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import { MIB } from "../../../../src/memory/regions.ts";
import { FakeDriver } from "../../../support/virtio/driver.ts";
import { VirtioRig } from "../../../support/virtio/rig.ts";

/** What devices share with a machine that is not there. */
export const SHARED: SharedParts = { mmds: new MmdsStore(0) };

export const RAM = 4 * MIB;
/** Free for a test's buffers. */
export const BUFFER = 0x10_0000;
const NEIGHBOUR_BUFFER = 0x20_0000;
const NEIGHBOUR_RINGS = 0x30_0000;
/** All bits that a driver of a running device has set. */
export const RUNNING = Status.ACKNOWLEDGE | Status.DRIVER | Status.FEATURES_OK | Status.DRIVER_OK;

/** An entropy device that runs beside the one a test maltreats, in the same guest's memory. */
export class Neighbour {
  readonly #rig: VirtioRig;
  readonly #driver: FakeDriver;
  readonly #buffer: number;

  /** @param rings where its queue is; @param buffer 64 bytes for what it is asked for */
  constructor(memory: GuestMemory, rings: number, buffer: number) {
    this.#rig = new VirtioRig(new RngDevice(), memory);
    this.#driver = new FakeDriver(this.#rig, rings);
    this.#buffer = buffer;
    this.#driver.start();
    this.#rig.turn();
  }

  /** It never noticed, and serves a request. */
  expectUnharmed(): void {
    expect(this.#driver.status).toBe(RUNNING);
    expect(this.#rig.reports).toEqual([]);
    expectService(this.#rig, this.#driver, this.#buffer);
  }
}

export class Guest implements Disposable {
  readonly memory = GuestMemory.create(RAM);
  readonly rig = new VirtioRig(new RngDevice(), this.memory);
  readonly driver = new FakeDriver(this.rig);
  readonly #neighbour = new Neighbour(this.memory, NEIGHBOUR_RINGS, NEIGHBOUR_BUFFER);

  /** A running device. */
  static started(...options: Parameters<FakeDriver["start"]>): Guest {
    const guest = new Guest();
    guest.driver.start(...options);
    guest.rig.turn();
    return guest;
  }

  get queue() {
    return this.driver.queue;
  }

  /** One kick, and all that comes of it. */
  kick(): void {
    this.queue.kick();
    this.rig.turn();
  }

  /** The device goes on without a reset: a request is served. */
  expectWorking(): void {
    expect(this.driver.status).toBe(RUNNING);
    expectService(this.rig, this.driver, BUFFER);
  }

  /** The device can't go on, and says so. */
  expectNeedsReset(): void {
    expect(this.driver.status).toBe(RUNNING | Status.DEVICE_NEEDS_RESET);
    expect(this.driver.takeInterrupt() & 2).toBe(2);
  }

  /** After a reset all is as if nothing had been, and the neighbour has gone on throughout. */
  expectRecovery(): void {
    this.driver.reset();
    this.rig.turn();
    expect(this.driver.status).toBe(0);
    this.driver.start();
    this.rig.turn();
    this.expectWorking();
    this.#neighbour.expectUnharmed();
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
  }
}

function expectService(rig: VirtioRig, driver: FakeDriver, buffer: number): void {
  const bytes = rig.memory.view(buffer, 64)!;
  bytes.fill(0);
  driver.queue.takeUsed();
  driver.takeInterrupt();
  const edges = rig.interrupt.raised;
  const id = driver.queue.add({ address: buffer, length: 64, writable: true });
  driver.queue.kick();
  rig.turn();
  expect(driver.queue.takeUsed()).toEqual([{ id, length: 64 }]);
  expect(bytes.some((byte) => byte !== 0)).toBe(true);
  expect(rig.interrupt.raised).toBe(edges + 1);
  expect(driver.takeInterrupt()).toBe(1);
}
