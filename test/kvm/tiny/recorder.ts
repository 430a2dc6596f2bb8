/** Devices that write down what happens to them, and answer what they are told to. */
import type { MmioDevice, PortDevice } from "../../../src/devices/device.ts";

export type Access = readonly [kind: "read" | "write", offset: number, size: number, value: bigint];

/** A port device. Reads are answered from `answers` in turn, with zero when they run out. */
export class PortRecorder implements PortDevice {
  readonly accesses: Access[] = [];
  readonly #answers: number[];

  constructor(answers: readonly number[] = []) {
    this.#answers = [...answers];
  }

  read(offset: number, size: number): number {
    const value = this.#answers.shift() ?? 0;
    this.accesses.push(["read", offset, size, BigInt(value)]);
    return value;
  }

  write(offset: number, size: number, value: number): void {
    this.accesses.push(["write", offset, size, BigInt(value)]);
  }
}

/** An MMIO device. Every byte of its window reads as the low byte of its offset plus 1. */
export class MmioRecorder implements MmioDevice {
  readonly accesses: Access[] = [];

  read(offset: number, data: Uint8Array, at: number, length: number): void {
    for (let i = 0; i < length; i++) data[at + i] = offset + i + 1;
    this.accesses.push(["read", offset, length, littleEndian(data, at, length)]);
  }

  write(offset: number, data: Uint8Array, at: number, length: number): void {
    this.accesses.push(["write", offset, length, littleEndian(data, at, length)]);
  }
}

function littleEndian(data: Uint8Array, at: number, length: number): bigint {
  return data.subarray(at, at + length).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
