import type { VirtioMmio } from "../../../src/devices/virtio/transport/mmio.ts";
import { Register, Status } from "../../../src/devices/virtio/transport/registers.ts";
import type { GuestMemory } from "../../../src/memory/guest.ts";
import { DriverQueue } from "./driver-queue.ts";
import type { VirtioRig } from "./rig.ts";

const { ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK } = Status;
/** Where each queue's rings are, by default: 16 KiB a queue holds 256 entries. */
const QUEUE_BYTES = 0x4000;

export interface StartOptions {
  /** What the driver wants of what is offered. Default: all of it. */
  readonly features?: bigint;
  /** Entries of each queue. Default: what the device allows. */
  readonly size?: number;
}

/** A driver for any virtio-mmio device, which does what Linux's virtio_mmio does, in the same order. */
export class FakeDriver {
  readonly mmio: VirtioMmio;
  readonly memory: GuestMemory;
  /** Guest-physical address of the first queue's rings. */
  readonly base: number;
  /** Set up by `start`. */
  queues: DriverQueue[] = [];
  features = 0n;

  /** @param base where it may put its rings */
  constructor({ mmio, memory }: Pick<VirtioRig, "mmio" | "memory">, base = 0x1_0000) {
    this.mmio = mmio;
    this.memory = memory;
    this.base = base;
  }

  /** The first queue. */
  get queue(): DriverQueue {
    return this.queues[0]!;
  }

  get status(): number {
    return this.read(Register.Status);
  }

  read(register: number): number {
    const data = this.readBytes(register, 4);
    return new DataView(data.buffer).getUint32(0, true);
  }

  write(register: number, value: number): void {
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, value >>> 0, true);
    this.mmio.write(register, data, 0, 4);
  }

  /** One of a queue's registers. */
  writeQueue(queue: number, register: number, value: number): void {
    this.write(Register.QueueSel, queue);
    this.write(register, value);
  }

  /** An access of any width, which need not make sense. */
  readBytes(offset: number, length: number): Uint8Array {
    const data = new Uint8Array(length).fill(0xee);
    this.mmio.read(offset, data, 0, length);
    return data;
  }

  writeBytes(offset: number, bytes: Uint8Array): void {
    this.mmio.write(offset, bytes, 0, bytes.length);
  }

  /** Adds bits to the status, as Linux does: it reads and writes back. @returns what it then reads */
  addStatus(bits: number): number {
    this.write(Register.Status, this.status | bits);
    return this.status;
  }

  reset(): void {
    this.write(Register.Status, 0);
  }

  /** Brings the device to life, from any state but one in which a reset is waiting. */
  start(options: StartOptions = {}): void {
    this.negotiate(options.features);
    this.setUpQueues(options.size);
    this.addStatus(DRIVER_OK);
  }

  /** Reset to FEATURES_OK. @returns the status it then reads */
  negotiate(wanted = 0xffff_ffff_ffff_ffffn): number {
    this.reset();
    this.addStatus(ACKNOWLEDGE);
    this.addStatus(DRIVER);
    this.features = this.offered() & wanted;
    this.acknowledge(this.features);
    return this.addStatus(FEATURES_OK);
  }

  offered(): bigint {
    const half = (select: number): bigint => {
      this.write(Register.DeviceFeaturesSel, select);
      return BigInt(this.read(Register.DeviceFeatures));
    };
    return half(0) | (half(1) << 32n);
  }

  acknowledge(features: bigint): void {
    for (const select of [0, 1]) {
      this.write(Register.DriverFeaturesSel, select);
      this.write(Register.DriverFeatures, Number((features >> BigInt(32 * select)) & 0xffff_ffffn));
    }
  }

  setUpQueues(size?: number): void {
    this.queues = [];
    for (let index = 0; ; index++) {
      this.write(Register.QueueSel, index);
      const max = this.read(Register.QueueNumMax);
      if (max === 0) return;
      const queue = new DriverQueue(this, index, this.base + index * QUEUE_BYTES, size ?? max);
      queue.writeRegisters();
      this.queues.push(queue);
    }
  }

  /** What an interrupt handler does: reads the causes and acknowledges them. */
  takeInterrupt(): number {
    const causes = this.read(Register.InterruptStatus);
    this.write(Register.InterruptACK, causes);
    return causes;
  }
}
