/** What CPUID tells the guest: the host's table, with what makes it a guest's and this vCPU's. */
import type { CpuidEntry } from "../../ffi/kvm/cpuid.ts";

const LEAF_FEATURES = 0x1;
const LEAF_TOPOLOGY = 0xb;
const LEAF_TOPOLOGY_V2 = 0x1f;

/** Leaf 1 ECX. */
const TSC_DEADLINE = 1 << 24;
const HYPERVISOR = 1 << 31;
/** Leaf 1 EDX: more than one logical processor in the package. */
const HTT = 1 << 28;

export interface CpuidOptions {
  /** This vCPU's number, which is its APIC id. */
  readonly vcpu: number;
  readonly vcpus: number;
  /** KVM_CAP_TSC_DEADLINE_TIMER: KVM offers it, but leaves it out of the supported CPUID. */
  readonly tscDeadline: boolean;
}

/**
 * KVM_GET_SUPPORTED_CPUID leaves the HYPERVISOR bit out; without it Linux takes the machine for bare metal, uses no
 * kvm-clock and calibrates the TSC against a timer, which under load it fails to.
 */
export function guestCpuid(supported: readonly CpuidEntry[], options: CpuidOptions): CpuidEntry[] {
  return supported.map((entry) => {
    if (entry.leaf === LEAF_FEATURES) return features(entry, options);
    if (entry.leaf === LEAF_TOPOLOGY || entry.leaf === LEAF_TOPOLOGY_V2) return topology(entry, options);
    return entry;
  });
}

function features(entry: CpuidEntry, { vcpu, vcpus, tscDeadline }: CpuidOptions): CpuidEntry {
  const ebx = (entry.ebx & 0x0000_ffff) | (vcpus << 16) | (vcpu << 24);
  const ecx = entry.ecx | HYPERVISOR | (tscDeadline ? TSC_DEADLINE : 0);
  const edx = vcpus > 1 ? entry.edx | HTT : entry.edx & ~HTT;
  return { ...entry, ebx: ebx >>> 0, ecx: ecx >>> 0, edx: edx >>> 0 };
}

/** One thread a core, all cores in one package; the last subleaf is invalid, which ends the list (SDM volume 2, CPUID). */
function topology(entry: CpuidEntry, { vcpu, vcpus }: CpuidOptions): CpuidEntry {
  const packageBits = Math.ceil(Math.log2(vcpus));
  const level = [
    { eax: 0, ebx: 1, ecx: 0x100 },
    { eax: packageBits, ebx: vcpus, ecx: 0x201 },
  ][entry.subleaf] ?? { eax: 0, ebx: 0, ecx: entry.subleaf };
  return { ...entry, ...level, edx: vcpu };
}
