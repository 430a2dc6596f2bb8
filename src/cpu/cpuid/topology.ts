/**
 * How CPUID describes the package: one thread a core, every core in one package, APIC ids counted from 0. Every leaf that
 * speaks of it says the same, since Linux compares them and complains.
 */
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import { field, findEntry, hasBit, indexedEntry, Leaf, type Vendor, vendorOf, withBits } from "./table.ts";

/** Leaf 1 EDX: more than one logical processor in the package. */
const HTT = 1 << 28;
/** Leaf 0x80000001 ECX: the logical processors are cores and not threads; leaves 0x8000001D and E are there. */
const CMP_LEGACY = 1 << 1;
const TOPOEXT_BIT = 22;
/** The level of a cache that all cores share (EAX bits 5 to 7 of leaves 4 and 0x8000001D). */
const SHARED_LEVEL = 3;

/** What is the same on every vCPU. */
export function packageTopology(table: readonly CpuidEntry[], vcpus: number): CpuidEntry[] {
  const vendor = vendorOf(table);
  const changed = table
    .filter(({ leaf }) => leaf !== Leaf.topology && leaf !== Leaf.topologyV2)
    .map((entry) => packageEntry(entry, vendor, vcpus));
  const topoext = vendor === "amd" && hasBit(table, { leaf: Leaf.amdFeatures, register: "ecx" }, TOPOEXT_BIT);
  const complete = topoext && !findEntry(changed, Leaf.amdTopology) ? [...changed, blankAmdTopology] : changed;
  const last = findEntry(table, Leaf.vendor)?.eax ?? 0;
  const leaves = [Leaf.topology, Leaf.topologyV2].filter((leaf) => leaf <= last);
  // KVM's table holds the host's levels, or the first of them alone: they are made anew.
  return [...complete, ...leaves.flatMap((leaf) => levels(leaf, vcpus))];
}

/** Adds what is this vCPU's own: its number is its APIC id. */
export function vcpuTopology(table: readonly CpuidEntry[], vcpu: number): CpuidEntry[] {
  return table.map((entry) => {
    switch (entry.leaf) {
      case Leaf.features:
        return withBits(entry, "ebx", field(31, 24), vcpu * 2 ** 24);
      case Leaf.topology:
      case Leaf.topologyV2:
        return { ...entry, edx: vcpu };
      case Leaf.amdTopology:
        // EBX bits 0 to 7: the core's number; 8 to 15: threads of a core, minus one. ECX: one node.
        return { ...entry, eax: vcpu, ebx: vcpu, ecx: 0, edx: 0 };
      default:
        return entry;
    }
  });
}

function packageEntry(entry: CpuidEntry, vendor: Vendor, vcpus: number): CpuidEntry {
  switch (entry.leaf) {
    case Leaf.features: {
      const counted = withBits(entry, "ebx", field(23, 16), vcpus * 2 ** 16);
      return withBits(counted, "edx", HTT, vcpus > 1 ? HTT : 0);
    }
    case Leaf.caches:
      // EAX bits 26 to 31: how many core ids the package has room for, minus one.
      return isCache(entry)
        ? withBits(sharedCache(entry, vcpus), "eax", field(31, 26), (idsFor(vcpus) - 1) * 2 ** 26)
        : entry;
    case Leaf.amdCaches:
      return isCache(entry) ? sharedCache(entry, vcpus) : entry;
    case Leaf.amdFeatures:
      return vendor === "amd" ? withBits(entry, "ecx", CMP_LEGACY, vcpus > 1 ? CMP_LEGACY : 0) : entry;
    case Leaf.sizes:
      // ECX bits 0 to 7: logical processors, minus one; 12 to 15: bits of an APIC id that tell them apart.
      return vendor === "amd" ? { ...entry, ecx: vcpus - 1 + idBits(vcpus) * 2 ** 12 } : entry;
    default:
      return entry;
  }
}

/** EAX bits 14 to 25: how many APIC ids share the cache, minus one. */
function sharedCache(entry: CpuidEntry, vcpus: number): CpuidEntry {
  const level = (entry.eax >>> 5) & 7;
  return withBits(entry, "eax", field(25, 14), level >= SHARED_LEVEL ? (idsFor(vcpus) - 1) * 2 ** 14 : 0);
}

function isCache({ eax }: CpuidEntry): boolean {
  return (eax & 0x1f) !== 0;
}

/** Threads, cores, and an invalid level, which ends the list (SDM volume 2, CPUID leaf 0BH). */
function levels(leaf: number, vcpus: number): CpuidEntry[] {
  return [
    indexedEntry(leaf, 0, { eax: 0, ebx: 1, ecx: 0x100, edx: 0 }),
    indexedEntry(leaf, 1, { eax: idBits(vcpus), ebx: vcpus, ecx: 0x201, edx: 0 }),
    indexedEntry(leaf, 2, { eax: 0, ebx: 0, ecx: 2, edx: 0 }),
  ];
}

const blankAmdTopology: CpuidEntry = {
  ...{ leaf: Leaf.amdTopology, subleaf: 0, indexed: false },
  ...{ eax: 0, ebx: 0, ecx: 0, edx: 0 },
};

/** Bits of an APIC id that tell this many processors apart. */
function idBits(vcpus: number): number {
  return 32 - Math.clz32(vcpus - 1);
}

function idsFor(vcpus: number): number {
  return 2 ** idBits(vcpus);
}
