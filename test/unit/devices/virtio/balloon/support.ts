/** A guest with a balloon, its driver, and an entropy device beside it that must never notice. */
import { expect } from "bun:test";
import type { BalloonConfig } from "../../../../../src/config/devices.ts";
import { BalloonDevice } from "../../../../../src/devices/virtio/balloon/device.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { MIB } from "../../../../../src/memory/regions.ts";
import { FakeDriver } from "../../../../support/virtio/driver.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { Neighbour, RUNNING } from "../support.ts";

export const PAGE = 4096;
export const RAM = 16 * MIB;
/** Where requests lie, and pages that a test may take. */
export const BUFFER = 0x10_0000;
export const FREE = 0x80_0000;
const NEIGHBOUR_RINGS = 0x30_0000;

/** Queues, where all features are on. */
export const QueueIndex = { inflate: 0, deflate: 1, statistics: 2, hints: 3, reports: 4 } as const;

export const ALL: BalloonConfig = {
  amount_mib: 0,
  deflate_on_oom: true,
  stats_polling_interval_s: 3600,
  free_page_hinting: true,
  free_page_reporting: true,
};

export class BalloonGuest implements Disposable {
  readonly memory: GuestMemory;
  readonly rig: VirtioRig<BalloonDevice>;
  readonly driver: FakeDriver;
  readonly #neighbour: Neighbour;

  constructor(config: Partial<BalloonConfig> = {}, memory = GuestMemory.create(RAM)) {
    this.memory = memory;
    this.rig = new VirtioRig(new BalloonDevice({ ...ALL, ...config }), memory);
    this.driver = new FakeDriver(this.rig);
    this.#neighbour = new Neighbour(memory, NEIGHBOUR_RINGS, 0x20_0000);
    this.driver.start();
    this.rig.turn();
  }

  get counters() {
    return this.rig.device.counters;
  }

  get balloon(): BalloonDevice {
    return this.rig.device;
  }

  kick(queue: number): void {
    this.driver.queues[queue]!.kick();
    this.rig.turn();
  }

  /** A request with these page numbers. */
  pages(queue: number, numbers: readonly number[]): void {
    this.memory.write(BUFFER, new Uint8Array(Uint32Array.from(numbers).buffer));
    this.driver.queues[queue]!.add({ address: BUFFER, length: 4 * numbers.length });
    this.kick(queue);
  }

  /** A request with these bytes. */
  bytes(queue: number, bytes: Uint8Array): void {
    this.memory.write(BUFFER, bytes);
    this.driver.queues[queue]!.add({ address: BUFFER, length: bytes.length });
    this.kick(queue);
  }

  /** Writes to pages, so that each is there and not zero. */
  fill(address: number, pages: number): void {
    for (let page = 0; page < pages; page++) this.memory.view(address + page * PAGE, PAGE)!.fill(0xab);
  }

  /** For each page, whether it reads as zeros. */
  zeroed(address: number, pages: number): boolean[] {
    return Array.from({ length: pages }, (_, page) => {
      return this.memory.view(address + page * PAGE, PAGE)!.every((byte) => byte === 0);
    });
  }

  /** After a reset it takes pages as if nothing had been; nobody else noticed anything. */
  expectRecovery(): void {
    this.driver.start();
    this.rig.turn();
    expect(this.driver.status).toBe(RUNNING);
    this.fill(FREE, 1);
    this.pages(QueueIndex.inflate, [FREE / PAGE]);
    expect(this.driver.queues[0]!.takeUsed()).toHaveLength(1);
    expect(this.zeroed(FREE, 1)).toEqual([true]);
    this.#neighbour.expectUnharmed();
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
  }
}

/** struct virtio_balloon_stat. */
export function statistic(tag: number, value: bigint): number[] {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt16LE(tag, 0);
  bytes.writeBigUInt64LE(value, 2);
  return [...bytes];
}
