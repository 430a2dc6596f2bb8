/** From the addresses a driver gave to typed arrays on its rings: checked once, when the device is activated. */
import type { GuestMemory } from "../../../memory/guest.ts";
import type { Range } from "../../../memory/regions.ts";
import { type GuestAddress, toNumber } from "./address.ts";
import type { SetupFault } from "./fault.ts";
import { ALIGNMENT, availBytes, descriptorTableBytes, usedBytes } from "./layout.ts";
import type { QueueSettings } from "./settings.ts";

/** One queue's rings. The driver writes to all of them at any time: read a field once, into a local. */
export interface Rings {
  readonly size: number;
  readonly descriptors: Uint32Array;
  readonly avail: Uint16Array;
  /** The used ring twice: its indices, its elements. */
  readonly used: Uint16Array;
  readonly usedElements: Uint32Array;
  /** Where they are, guest-physical. */
  readonly ranges: readonly Range[];
}

/** Checks a queue's settings (2.7, 4.2.2.2) and looks its rings up. */
export function mapRings(memory: GuestMemory, settings: QueueSettings): Rings | SetupFault {
  const { size, max } = settings;
  if (size > max) return "the size is over the maximum";
  if (size === 0 || (size & (size - 1)) !== 0) return "the size is no power of two";
  const { descriptorTable, avail, used } = ALIGNMENT;
  const ranges = [
    range(settings.descriptorTable, descriptorTableBytes(size), descriptorTable),
    range(settings.driverArea, availBytes(size), avail),
    range(settings.deviceArea, usedBytes(size), used),
  ];
  if (!areAligned(ranges)) return "a ring is misaligned";
  const [table, driver, device] = ranges.map((ring) => memory.buffer(ring.address, ring.size));
  if (!table || !driver || !device) return "a ring is not in one piece of RAM";
  if (overlap(ranges)) return "rings overlap";
  return {
    size,
    descriptors: new Uint32Array(table),
    avail: new Uint16Array(driver),
    used: new Uint16Array(device),
    usedElements: new Uint32Array(device, 0, (device.byteLength - 2) / 4),
    ranges,
  };
}

/** Whether any two ranges share a byte. */
export function overlap(ranges: readonly Range[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.address - b.address);
  return sorted.some(({ address, size }, i) => address + size > (sorted[i + 1]?.address ?? Number.POSITIVE_INFINITY));
}

interface AlignedRange extends Range {
  readonly alignment: number;
}

function range({ low, high }: GuestAddress, size: number, alignment: number): AlignedRange {
  return { address: toNumber(low, high), size, alignment };
}

function areAligned(ranges: readonly AlignedRange[]): boolean {
  return ranges.every(({ address, alignment }) => address < 0 || address % alignment === 0);
}
