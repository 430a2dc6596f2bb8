/** A guest with a console device, its driver, and an entropy device beside it that must never notice. */
import { expect } from "bun:test";
import { ConsoleDevice, type PortDescription } from "../../../../../src/devices/virtio/console/device.ts";
import type { PortSink } from "../../../../../src/devices/virtio/console/port.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { MIB } from "../../../../../src/memory/regions.ts";
import { FakeDriver } from "../../../../support/virtio/driver.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { Neighbour } from "../support.ts";

export const BUFFER = 0x10_0000;
const NEIGHBOUR_RINGS = 0x30_0000;
export const PORTS: readonly PortDescription[] = [
  { name: "in", receives: true },
  { name: "out", receives: false },
];
/** Queues of a console with several ports. */
export const QueueIndex = { toDriver: 2, fromDriver: 3, inReceive: 4, outTransmit: 7 } as const;

/** stdout as a test wants it: how many bytes it still takes. */
export class Sink implements PortSink {
  readonly taken: number[] = [];
  total = 0;
  room = Number.POSITIVE_INFINITY;

  write(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.room);
    if (this.total < 2 ** 12) this.taken.push(...bytes.subarray(0, Math.min(count, 2 ** 13)));
    this.total += count;
    this.room -= count;
    return count;
  }

  get text(): string {
    return Buffer.from(this.taken).toString("latin1");
  }
}

export class ConsoleGuest implements Disposable {
  readonly memory = GuestMemory.create(4 * MIB);
  readonly rig: VirtioRig<ConsoleDevice>;
  readonly driver: FakeDriver;
  /** What each port printed. */
  readonly sinks: readonly Sink[];
  readonly #neighbour = new Neighbour(this.memory, NEIGHBOUR_RINGS, 0x20_0000);

  constructor(ports: readonly PortDescription[] = [], features?: bigint) {
    const device = new ConsoleDevice({ columns: 80, rows: 25 }, ports);
    this.sinks = device.ports.map(() => new Sink());
    device.ports.forEach((port, i) => {
      device.sendTo(port, this.sinks[i]!);
    });
    this.rig = new VirtioRig(device, this.memory);
    this.driver = new FakeDriver(this.rig);
    this.driver.start(features === undefined ? {} : { features });
    this.rig.turn();
  }

  get device(): ConsoleDevice {
    return this.rig.device;
  }

  get sink(): Sink {
    return this.sinks[0]!;
  }

  /** The guest prints. */
  print(text: string, queue = 1): void {
    this.memory.write(BUFFER, Buffer.from(text, "latin1"));
    this.driver.queues[queue]!.add({ address: BUFFER, length: text.length });
    this.kick(queue);
  }

  kick(queue: number): void {
    this.driver.queues[queue]!.kick();
    this.rig.turn();
  }

  /** The guest has buffers for `count` times `length` bytes of input. */
  offer(count: number, length: number, queue = 0): void {
    for (let i = 0; i < count; i++) {
      this.driver.queues[queue]!.add({ address: BUFFER + 0x1_0000 + i * length, length, writable: true });
    }
    this.kick(queue);
  }

  /** Whether a driver that adds a buffer now would say so, as the device asked it to. */
  announces(queue: number): boolean {
    const { availIdx } = this.driver.queues[queue]!;
    this.driver.queues[queue]!.add({ address: BUFFER + 0x1_0000, length: 64, writable: true });
    return this.driver.queues[queue]!.wantsKick(availIdx);
  }

  /** stdin's turn. @returns how many bytes the guest took */
  feed(text: string, port = 0): number {
    let fed = 0;
    this.rig.backend.run(() => {
      fed = this.device.ports[port]!.feed(Buffer.from(text, "latin1"));
    });
    return fed;
  }

  /** What came into the buffers of `offer`. */
  received(length: number, queue = 0): string[] {
    const used = this.driver.queues[queue]!.takeUsed();
    return used.map(({ id, length: count }) => {
      return Buffer.from(this.memory.view(BUFFER + 0x1_0000 + id * length, count)!).toString("latin1");
    });
  }

  /** The driver sends control messages, `bytes` each in a buffer of its own. */
  say(...messages: readonly (readonly number[])[]): void {
    messages.forEach((bytes, i) => {
      const address = BUFFER + 0x8000 + 64 * i;
      this.memory.write(address, Uint8Array.from(bytes));
      this.driver.queues[QueueIndex.fromDriver]!.add({ address, length: bytes.length });
    });
    this.kick(QueueIndex.fromDriver);
  }

  /** Goes through the talk that Linux has, for every port. */
  greet(): string[] {
    this.offer(16, 64, QueueIndex.toDriver);
    this.say(control(0xffff_ffff, 0, 1));
    const ports = this.device.ports.map((_, i) => i);
    this.say(...ports.map((port) => control(port, 3, 1)));
    this.say(...ports.map((port) => control(port, 6, 1)));
    return this.told();
  }

  /** Control messages that have come since: "port event value payload". */
  told(): string[] {
    return this.received(64, QueueIndex.toDriver).map((text) => {
      const bytes = Buffer.from(text, "latin1");
      const tail = bytes.subarray(8).toString("latin1");
      return `${bytes.readUInt32LE(0)} ${bytes.readUInt16LE(4)} ${bytes.readUInt16LE(6)} ${tail}`.trimEnd();
    });
  }

  /** After a reset it prints and reads as if nothing had been; nobody else noticed anything. */
  expectRecovery(): void {
    this.driver.reset();
    this.rig.turn();
    expect(this.driver.status).toBe(0);
    this.driver.start({ features: ~2n });
    this.rig.turn();
    this.sink.room = Number.POSITIVE_INFINITY;
    this.sink.taken.length = this.sink.total = 0;
    this.print("after");
    expect(this.sink.text).toBe("after");
    expect(this.driver.queues[1]!.takeUsed()).toHaveLength(1);
    this.offer(1, 64);
    expect(this.feed("typed")).toBe(5);
    expect(this.received(64)).toEqual(["typed"]);
    this.expectNeighbourUnharmed();
  }

  expectNeighbourUnharmed(): void {
    this.#neighbour.expectUnharmed();
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
  }
}

/** struct virtio_console_control. */
export function control(port: number, event: number, value: number): number[] {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(port, 0);
  bytes.writeUInt16LE(event, 4);
  bytes.writeUInt16LE(value, 6);
  return [...bytes];
}
