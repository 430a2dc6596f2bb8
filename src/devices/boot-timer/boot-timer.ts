/**
 * How a guest says that its user space runs and its console takes input: a byte to an I/O port (volt's init), or 123 to
 * Firecracker's boot timer, whose window guests written for that monitor know.
 */
import type { MmioDevice, PortDevice } from "../device.ts";

const FIRECRACKER_MAGIC = 123;
const ALL_ONES = 0xffff_ffff;

export class BootTimer implements PortDevice, MmioDevice {
  readonly #onReady: () => void;

  /** @param onReady called on each report, on the vCPU's thread */
  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  read(offset: number, size: number): number;
  read(offset: number, data: Uint8Array, at: number, length: number): void;
  read(_offset: number, target: number | Uint8Array, at = 0, length = 0): number {
    if (typeof target !== "number") target.fill(0xff, at, at + length);
    return ALL_ONES;
  }

  write(offset: number, size: number, value: number): void;
  write(offset: number, data: Uint8Array, at: number, length: number): void;
  write(offset: number, source: number | Uint8Array, at: number): void {
    if (typeof source === "number") this.#onReady();
    else if (offset === 0 && source[at] === FIRECRACKER_MAGIC) this.#onReady();
  }
}
