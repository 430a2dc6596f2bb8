import { hasFeature, VIRTIO_F_EVENT_IDX } from "../../../src/devices/virtio/features.ts";
import { VIRTQ_DESC_F_NEXT, VIRTQ_DESC_F_WRITE } from "../../../src/devices/virtio/queue/layout.ts";
import { Register } from "../../../src/devices/virtio/transport/registers.ts";
import type { FakeDriver } from "./driver.ts";

/** One buffer of a chain; addresses and lengths may be any number a descriptor can hold. */
export interface Buffer {
  readonly address: number | bigint;
  readonly length: number;
  /** For the device to write. */
  readonly writable?: boolean;
}

/** A descriptor as it lies in the table. */
export interface RawDescriptor {
  readonly address?: number | bigint;
  readonly length?: number;
  readonly flags?: number;
  readonly next?: number;
}

export interface UsedElement {
  readonly id: number;
  readonly length: number;
}

/** The driver's side of a split virtqueue, in guest memory; with every field open to a hostile hand. */
export class DriverQueue {
  readonly index: number;
  readonly size: number;
  descriptorTable: number | bigint;
  avail: number | bigint;
  used: number | bigint;
  readonly #driver: FakeDriver;
  readonly #view: DataView;
  readonly #base: number;
  /** Where the driver is in the used ring, and the next free descriptor. */
  #seen = 0;
  #free = 0;
  #added = 0;

  /** Zeroes the memory and lays the three parts out in it, one after the other. */
  constructor(driver: FakeDriver, index: number, base: number, size: number) {
    this.#driver = driver;
    this.index = index;
    this.size = size;
    this.#base = base;
    this.descriptorTable = base;
    this.avail = base + 16 * size;
    this.used = Math.ceil((this.avail + 6 + 2 * size) / 4) * 4;
    const end = this.used + 6 + 8 * size;
    const bytes = driver.memory.view(base, end - base)!;
    bytes.fill(0);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Tells the device: size, addresses, ready. */
  writeRegisters(ready = 1): void {
    const driver = this.#driver;
    driver.write(Register.QueueSel, this.index);
    driver.write(Register.QueueNum, this.size);
    this.#writeAddress(Register.QueueDescLow, this.descriptorTable);
    this.#writeAddress(Register.QueueDriverLow, this.avail);
    this.#writeAddress(Register.QueueDeviceLow, this.used);
    driver.write(Register.QueueReady, ready);
  }

  /** Makes a chain available, without a kick. @returns its head */
  add(...buffers: readonly Buffer[]): number {
    const head = this.#free;
    buffers.forEach(({ address, length, writable }, i) => {
      const isLast = i === buffers.length - 1;
      const next = (head + i + 1) % this.size;
      const flags = (writable ? VIRTQ_DESC_F_WRITE : 0) | (isLast ? 0 : VIRTQ_DESC_F_NEXT);
      this.setDescriptor((head + i) % this.size, { address, length, flags, next });
    });
    this.#free = (head + buffers.length) % this.size;
    this.offer(head);
    return head;
  }

  /** Puts a head on the available ring, whatever is behind it. */
  offer(head: number): void {
    this.setAvail(this.#added, head);
    this.#added = (this.#added + 1) & 0xffff;
    this.availIdx = this.#added;
  }

  kick(): void {
    this.#driver.write(Register.QueueNotify, this.index);
  }

  /** Chains that came back since the last call. */
  takeUsed(): UsedElement[] {
    const elements: UsedElement[] = [];
    for (const end = this.usedIdx; this.#seen !== end; this.#seen = (this.#seen + 1) & 0xffff) {
      elements.push(this.usedElement(this.#seen));
    }
    // Linux: an interrupt for the next one, please.
    if (hasFeature(this.#driver.features, VIRTIO_F_EVENT_IDX)) this.usedEvent = this.#seen;
    return elements;
  }

  /** Whether a driver that obeys `avail_event` or the flags would kick for what lies between two available indices. */
  wantsKick(from: number, to = this.availIdx): boolean {
    if (!hasFeature(this.#driver.features, VIRTIO_F_EVENT_IDX)) return (this.usedFlags & 1) === 0;
    return ((to - this.availEvent - 1) & 0xffff) < ((to - from) & 0xffff);
  }

  setDescriptor(index: number, { address = 0, length = 0, flags = 0, next = 0 }: RawDescriptor): void {
    const at = 16 * index;
    this.#view.setBigUint64(at, BigInt(address), true);
    this.#view.setUint32(at + 8, length, true);
    this.#view.setUint16(at + 12, flags, true);
    this.#view.setUint16(at + 14, next, true);
  }

  setAvail(slot: number, head: number): void {
    this.#view.setUint16(this.#availAt + 4 + 2 * (slot % this.size), head, true);
  }

  get availFlags(): number {
    return this.#view.getUint16(this.#availAt, true);
  }
  set availFlags(flags: number) {
    this.#view.setUint16(this.#availAt, flags, true);
  }
  get availIdx(): number {
    return this.#view.getUint16(this.#availAt + 2, true);
  }
  set availIdx(index: number) {
    this.#view.setUint16(this.#availAt + 2, index, true);
  }
  get usedEvent(): number {
    return this.#view.getUint16(this.#availAt + 4 + 2 * this.size, true);
  }
  set usedEvent(index: number) {
    this.#view.setUint16(this.#availAt + 4 + 2 * this.size, index, true);
  }
  get usedFlags(): number {
    return this.#view.getUint16(this.#usedAt, true);
  }
  get usedIdx(): number {
    return this.#view.getUint16(this.#usedAt + 2, true);
  }
  set usedIdx(index: number) {
    this.#view.setUint16(this.#usedAt + 2, index, true);
  }
  get availEvent(): number {
    return this.#view.getUint16(this.#usedAt + 4 + 8 * this.size, true);
  }
  usedElement(slot: number): UsedElement {
    const at = this.#usedAt + 4 + 8 * (slot % this.size);
    return { id: this.#view.getUint32(at, true), length: this.#view.getUint32(at + 4, true) };
  }

  /** Rings lie where the constructor put them, even if the registers were told otherwise. */
  get #availAt(): number {
    return 16 * this.size;
  }
  get #usedAt(): number {
    return Math.ceil((this.#base + this.#availAt + 6 + 2 * this.size) / 4) * 4 - this.#base;
  }

  #writeAddress(lowRegister: number, address: number | bigint): void {
    const bits = BigInt(address);
    this.#driver.write(lowRegister, Number(bits & 0xffff_ffffn));
    this.#driver.write(lowRegister + 4, Number((bits >> 32n) & 0xffff_ffffn));
  }
}
