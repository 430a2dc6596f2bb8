/** The processor's name, leaves 0x80000002 to 0x80000004: KVM leaves it blank, and guests show and look at it. */
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import { Leaf } from "./table.ts";

const LEAVES = 3;
const BYTES_A_LEAF = 16;
/** The last byte is NUL. */
const MOST_BYTES = LEAVES * BYTES_A_LEAF - 1;

/** The table with a name where it has none. */
export function nameProcessor(table: readonly CpuidEntry[], brand: string): CpuidEntry[] {
  const bytes = Buffer.alloc(LEAVES * BYTES_A_LEAF);
  bytes.write(brand.replaceAll(/[^\x20-\x7e]/g, "").slice(0, MOST_BYTES), "latin1");
  const leaves = table.filter(isBrand);
  if (leaves.some(({ eax, ebx, ecx, edx }) => (eax | ebx | ecx | edx) !== 0)) return [...table];
  return table.map((entry) => {
    if (!isBrand(entry)) return entry;
    const [eax, ebx, ecx, edx] = [0, 4, 8, 12].map((at) =>
      bytes.readUInt32LE((entry.leaf - Leaf.brand) * BYTES_A_LEAF + at),
    ) as [number, number, number, number];
    return { ...entry, eax, ebx, ecx, edx };
  });
}

function isBrand({ leaf }: CpuidEntry): boolean {
  return leaf >= Leaf.brand && leaf < Leaf.brand + LEAVES;
}
