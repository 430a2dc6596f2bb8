/**
 * What a guest's CPUID differs in from what the host's KVM supports: the whole policy, one row a bit or leaf. What no row
 * speaks of passes as KVM offers it: SSE to AVX-512, AES, the XSAVE family, RDRAND, RDSEED, FSGSBASE, INVPCID, SPEC_CTRL,
 * STIBP, SSBD, ARCH_CAPABILITIES, NX, 1 GiB pages, RDTSCP, invariant TSC, KVM's own leaves.
 *
 * Numbers that depend on the vCPU and how many there are come from topology.ts, what follows from other bits from
 * xsave.ts, the processor's name from brand.ts.
 */
import type { Register, Vendor } from "./table.ts";

export interface BitRow {
  readonly leaf: number;
  readonly register: Register;
  readonly bit: number;
  readonly what: string;
  readonly to: "off" | "on" | "KVM_CAP_TSC_DEADLINE_TIMER";
  /** On this vendor's processors alone; on both without it. */
  readonly vendor?: Vendor;
  readonly why: string;
}

export interface LeafRow {
  readonly leaf: number;
  readonly what: string;
  /** Bits that stay as KVM has them. */
  readonly but?: { readonly register: Register; readonly mask: number };
  readonly why: string;
}

const NO_NESTING = "volt's guests run no guests of their own";
const NO_PMU = "no performance counters: they leak what other guests do, and cost at each switch";
const NO_POWER = "frequency and temperature are the host's business";
const NO_TSX = "transactional memory leaks (TAA), hosts turn it off by microcode, and a guest must not miss it later";
/** Leaf 6 EAX. */
const ARAT = 1 << 2;
const NO_MACHINE_CHECK = "hardware errors are the host's to handle";

// biome-ignore format: a table reads best with a row a line
export const POLICY_BITS: readonly BitRow[] = [
  { leaf: 0x1, register: "ecx", bit: 2, what: "DTES64", to: "off", why: NO_PMU },
  { leaf: 0x1, register: "ecx", bit: 3, what: "MONITOR", to: "off", why: "MWAIT would keep a host CPU that idles from other work" },
  { leaf: 0x1, register: "ecx", bit: 4, what: "DS_CPL", to: "off", why: NO_PMU },
  { leaf: 0x1, register: "ecx", bit: 5, what: "VMX", to: "off", why: NO_NESTING },
  { leaf: 0x1, register: "ecx", bit: 6, what: "SMX", to: "off", why: NO_NESTING },
  { leaf: 0x1, register: "ecx", bit: 7, what: "EIST", to: "off", why: NO_POWER },
  { leaf: 0x1, register: "ecx", bit: 8, what: "TM2", to: "off", why: NO_POWER },
  { leaf: 0x1, register: "ecx", bit: 15, what: "PDCM", to: "off", why: NO_PMU },
  { leaf: 0x1, register: "ecx", bit: 24, what: "TSC_DEADLINE", to: "KVM_CAP_TSC_DEADLINE_TIMER", why: "KVM has it and leaves it out of its table; with it the guest calibrates no APIC timer" },
  { leaf: 0x1, register: "ecx", bit: 31, what: "HYPERVISOR", to: "on", why: "without it Linux believes in bare metal: no kvm-clock, and a TSC calibration that fails under load" },
  { leaf: 0x1, register: "edx", bit: 7, what: "MCE", to: "off", why: NO_MACHINE_CHECK },
  { leaf: 0x1, register: "edx", bit: 14, what: "MCA", to: "off", why: NO_MACHINE_CHECK },
  { leaf: 0x1, register: "edx", bit: 22, what: "ACPI", to: "off", why: NO_POWER },

  { leaf: 0x7, register: "ebx", bit: 2, what: "SGX", to: "off", why: "there is no enclave memory; Linux would blame the firmware for it" },
  { leaf: 0x7, register: "ebx", bit: 4, what: "HLE", to: "off", why: NO_TSX },
  { leaf: 0x7, register: "ebx", bit: 11, what: "RTM", to: "off", why: NO_TSX },
  { leaf: 0x7, register: "ebx", bit: 12, what: "RDT_M", to: "off", why: "cache monitoring shows what other guests do" },
  { leaf: 0x7, register: "ebx", bit: 14, what: "MPX", to: "off", why: "given up by Intel and by Linux; its state costs 128 bytes a context" },
  { leaf: 0x7, register: "ebx", bit: 15, what: "RDT_A", to: "off", why: "cache allocation is the host's business" },
  { leaf: 0x7, register: "ecx", bit: 3, what: "PKU", to: "off", why: "protection keys: not on every host of a fleet, and their state makes each switch dearer" },
  { leaf: 0x7, register: "ecx", bit: 4, what: "OSPKE", to: "off", why: "follows PKU" },
  { leaf: 0x7, register: "ecx", bit: 16, what: "LA57", to: "off", why: "5-level page tables: no guest here has the memory for it, every TLB miss would pay" },
  { leaf: 0x7, register: "ecx", bit: 30, what: "SGX_LC", to: "off", why: "follows SGX" },

  { leaf: 0x8000_0001, register: "ecx", bit: 2, what: "SVM", to: "off", vendor: "amd", why: NO_NESTING },
  { leaf: 0x8000_0001, register: "ecx", bit: 10, what: "IBS", to: "off", vendor: "amd", why: NO_PMU },
  { leaf: 0x8000_0001, register: "ecx", bit: 12, what: "SKINIT", to: "off", vendor: "amd", why: NO_NESTING },
  { leaf: 0x8000_0001, register: "ecx", bit: 13, what: "WDT", to: "off", vendor: "amd", why: NO_POWER },
  { leaf: 0x8000_0001, register: "ecx", bit: 23, what: "PERFCTR_CORE", to: "off", vendor: "amd", why: NO_PMU },
  { leaf: 0x8000_0001, register: "ecx", bit: 24, what: "PERFCTR_NB", to: "off", vendor: "amd", why: NO_PMU },
  { leaf: 0x8000_0001, register: "ecx", bit: 28, what: "PERFCTR_LLC", to: "off", vendor: "amd", why: NO_PMU },
  { leaf: 0x8000_0001, register: "ecx", bit: 29, what: "MWAITX", to: "off", vendor: "amd", why: "as MONITOR" },
  { leaf: 0x8000_0001, register: "edx", bit: 7, what: "MCE", to: "off", vendor: "amd", why: "repeats leaf 1" },
  { leaf: 0x8000_0001, register: "edx", bit: 14, what: "MCA", to: "off", vendor: "amd", why: "repeats leaf 1" },
];

/** Leaves that read as zero. */
// biome-ignore format: a table reads best with a row a line
export const POLICY_LEAVES: readonly LeafRow[] = [
  { leaf: 0x5, what: "MONITOR/MWAIT", why: "follows MONITOR" },
  { leaf: 0x6, what: "thermal and power management, but ARAT", but: { register: "eax", mask: ARAT }, why: `${NO_POWER}; that the APIC timer runs when a CPU sleeps is the guest's: Linux, told otherwise, has no other timer here and gives up high resolution and tickless idle` },
  { leaf: 0xa, what: "performance monitoring", why: NO_PMU },
  { leaf: 0xf, what: "RDT monitoring", why: "follows RDT_M" },
  { leaf: 0x10, what: "RDT allocation", why: "follows RDT_A" },
  { leaf: 0x12, what: "SGX", why: "follows SGX" },
  { leaf: 0x8000_000a, what: "SVM", why: NO_NESTING },
  { leaf: 0x8000_001b, what: "IBS", why: NO_PMU },
  { leaf: 0x8000_001f, what: "memory encryption", why: "volt starts no encrypted guests" },
  { leaf: 0x8000_0022, what: "performance monitoring, version 2", why: NO_PMU },
];
