/** A CPUID table, and how its cells are found and changed. */
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";

export type Register = "eax" | "ebx" | "ecx" | "edx";
export const REGISTERS: readonly Register[] = ["eax", "ebx", "ecx", "edx"];

export type Vendor = "intel" | "amd";

/** Leaves whose names the code needs more than once. */
export const Leaf = {
  vendor: 0x0,
  features: 0x1,
  caches: 0x4,
  extendedFeatures: 0x7,
  topology: 0xb,
  xsave: 0xd,
  topologyV2: 0x1f,
  amdFeatures: 0x8000_0001,
  brand: 0x8000_0002,
  sizes: 0x8000_0008,
  amdCaches: 0x8000_001d,
  amdTopology: 0x8000_001e,
} as const;

/** AuthenticAMD and HygonGenuine, as EBX of leaf 0 begins. Everyone else follows Intel. */
const AMD_VENDORS = [0x6874_7541, 0x6f67_7948];

export function vendorOf(table: readonly CpuidEntry[]): Vendor {
  return AMD_VENDORS.includes(findEntry(table, Leaf.vendor)?.ebx ?? 0) ? "amd" : "intel";
}

export function findEntry(table: readonly CpuidEntry[], leaf: number, subleaf = 0): CpuidEntry | undefined {
  return table.find((entry) => entry.leaf === leaf && entry.subleaf === subleaf);
}

/** Whether a bit is set; false where there is no such leaf. */
export function hasBit(
  table: readonly CpuidEntry[],
  cell: { readonly leaf: number; readonly subleaf?: number; readonly register: Register },
  bit: number,
): boolean {
  const entry = findEntry(table, cell.leaf, cell.subleaf);
  return entry !== undefined && ((entry[cell.register] >>> bit) & 1) === 1;
}

/** Replaces bits `mask` of a register by those of `value`; both any 32-bit number. */
export function withBits(entry: CpuidEntry, register: Register, mask: number, value: number): CpuidEntry {
  return { ...entry, [register]: ((entry[register] & ~mask) | (value & mask)) >>> 0 };
}

/** Bits `low` to `high` of a register as a mask. */
export function field(high: number, low: number): number {
  return (2 ** (high - low + 1) - 1) * 2 ** low;
}

export function cleared(entry: CpuidEntry): CpuidEntry {
  return { ...entry, eax: 0, ebx: 0, ecx: 0, edx: 0 };
}

/** An entry of a leaf that has subleaves. */
export function indexedEntry(leaf: number, subleaf: number, registers: Readonly<Record<Register, number>>): CpuidEntry {
  return { leaf, subleaf, indexed: true, ...registers };
}
