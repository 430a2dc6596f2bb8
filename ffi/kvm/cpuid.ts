/** CPUID as KVM's tables hold it: one entry a leaf and subleaf. */
import { get, pack, put } from "../abi.ts";
import { KVM_CPUID_FLAG_SIGNIFCANT_INDEX } from "./ioctls.ts";
import { CPUID_ENTRY, CPUID2 } from "./layouts.ts";

export interface CpuidEntry {
  /** The leaf, EAX as CPUID is executed. */
  readonly leaf: number;
  /** The subleaf, ECX as CPUID is executed; 0 where the leaf has none. */
  readonly subleaf: number;
  /** Whether the subleaf matters. */
  readonly indexed: boolean;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

const F = CPUID_ENTRY.fields;

/** The entries of a `struct kvm_cpuid2`. */
export function readCpuid(bytes: Uint8Array, count: number): CpuidEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const entry = bytes.subarray(CPUID2.size + i * CPUID_ENTRY.size, CPUID2.size + (i + 1) * CPUID_ENTRY.size);
    return {
      leaf: get(entry, F.function),
      subleaf: get(entry, F.index),
      indexed: (get(entry, F.flags) & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) !== 0,
      eax: get(entry, F.eax),
      ebx: get(entry, F.ebx),
      ecx: get(entry, F.ecx),
      edx: get(entry, F.edx),
    };
  });
}

/** A `struct kvm_cpuid2` of the entries. */
export function writeCpuid(entries: readonly CpuidEntry[]): Uint8Array {
  const bytes = new Uint8Array(CPUID2.size + entries.length * CPUID_ENTRY.size);
  put(bytes, CPUID2.fields.nent, entries.length);
  entries.forEach((entry, i) => {
    const { leaf, subleaf, indexed, eax, ebx, ecx, edx } = entry;
    const flags = indexed ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0;
    const packed = pack(CPUID_ENTRY, { function: leaf, index: subleaf, flags, eax, ebx, ecx, edx });
    bytes.set(packed, CPUID2.size + i * CPUID_ENTRY.size);
  });
  return bytes;
}
