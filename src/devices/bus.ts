/** Finds the device behind a port or a guest-physical address. One look-up in a table, nothing allocated. */
import type { KvmRun } from "../../ffi/kvm/run.ts";
import type { MmioDevice, PortDevice } from "./device.ts";

const PORTS = 0x1_0000;
/** MMIO windows are placed on a grid of 4 KiB slots. */
const WINDOW_SHIFT = 12;
const WINDOW_BYTES = 1 << WINDOW_SHIFT;

/** The 64 Ki I/O ports. An unclaimed port reads as all ones and swallows writes, as an ISA bus does. */
export class PortBus {
  /** Per port: 0 for nobody, else 1 + index of the device. */
  readonly #owner = new Uint8Array(PORTS);
  readonly #devices: PortDevice[] = [];
  readonly #firstPort: number[] = [];

  /** @throws RangeError when two devices claim a port, which is a mistake in the machine's layout */
  attach(firstPort: number, count: number, device: PortDevice): void {
    this.#devices.push(device);
    this.#firstPort.push(firstPort);
    for (let port = firstPort; port < firstPort + count; port++) {
      if (this.#owner[port] !== 0) throw new RangeError(`port 0x${port.toString(16)} is claimed twice`);
      this.#owner[port] = this.#devices.length;
    }
  }

  /**
   * Serves a KVM_EXIT_IO: `count` accesses of 1, 2 or 4 bytes, more than one for `rep ins` and `rep outs`. An access
   * goes to the device that owns its first port; one wider than that device's last port is still its own.
   */
  serve(run: KvmRun): void {
    const { bytes, ioPort: port, ioSize: size, ioCount: count, ioIsOut: isOut, ioDataOffset } = run;
    const owner = this.#owner[port]!;
    let at = ioDataOffset;
    for (let i = 0; i < count; i++, at += size) {
      if (owner === 0) {
        if (!isOut) bytes.fill(0xff, at, at + size);
      } else if (isOut) {
        this.#devices[owner - 1]!.write(port - this.#firstPort[owner - 1]!, size, load(bytes, at, size));
      } else {
        store(bytes, at, size, this.#devices[owner - 1]!.read(port - this.#firstPort[owner - 1]!, size));
      }
    }
  }
}

/** Device windows in guest-physical memory, 4 KiB each from `base` up. Anything else reads as all ones. */
export class MmioBus {
  readonly #base: number;
  readonly #slots: (MmioDevice | undefined)[];

  constructor(base: number, windows: number) {
    this.#base = base;
    this.#slots = new Array(windows).fill(undefined);
  }

  /** @throws RangeError when the address is not one of the windows, or is taken */
  attach(address: number, device: MmioDevice): void {
    const slot = (address - this.#base) / WINDOW_BYTES;
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.#slots.length || this.#slots[slot]) {
      throw new RangeError(`0x${address.toString(16)} is not a free device window`);
    }
    this.#slots[slot] = device;
  }

  /** Serves a KVM_EXIT_MMIO of 1 to 8 bytes. An access across the window's edge belongs to no device. */
  serve(run: KvmRun): void {
    const { bytes, mmioAddress: address, mmioLength: length, mmioDataOffset: at } = run;
    const into = address - this.#base;
    const offset = into % WINDOW_BYTES;
    const device =
      into >= 0 && offset + length <= WINDOW_BYTES ? this.#slots[Math.floor(into / WINDOW_BYTES)] : undefined;
    if (run.mmioIsWrite) device?.write(offset, bytes, at, length);
    else if (device) device.read(offset, bytes, at, length);
    else bytes.fill(0xff, at, at + length);
  }
}

/** A little-endian unsigned number of 1, 2 or 4 bytes. */
function load(bytes: Uint8Array, at: number, size: number): number {
  if (size === 1) return bytes[at]!;
  if (size === 2) return bytes[at]! | (bytes[at + 1]! << 8);
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function store(bytes: Uint8Array, at: number, size: number, value: number): void {
  bytes[at] = value;
  if (size === 1) return;
  bytes[at + 1] = value >>> 8;
  if (size === 2) return;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
