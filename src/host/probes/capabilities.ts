/** What of KVM volt uses, capability by capability. */
import type { CapName } from "../../../ffi/kvm/ioctls.ts";
import { type Finding, lacking, ok } from "../finding.ts";
import type { HostKvm } from "../host.ts";

/** Without these there is no VM. All of them are in every kernel since 4.12. */
const REQUIRED: readonly (readonly [CapName, string])[] = [
  ["KVM_CAP_USER_MEMORY", "guest memory is memory of this process"],
  ["KVM_CAP_NR_MEMSLOTS", "how many pieces guest memory may have"],
  ["KVM_CAP_NR_VCPUS", "vCPUs that the host recommends at most"],
  ["KVM_CAP_MAX_VCPUS", "vCPUs that a VM may have at most"],
  ["KVM_CAP_EXT_CPUID", "what CPUID tells the guest"],
  ["KVM_CAP_SET_TSS_ADDR", "guests on Intel hosts without unrestricted-guest support"],
  ["KVM_CAP_IRQCHIP", "interrupt controllers in the kernel"],
  ["KVM_CAP_PIT2", "the timer in the kernel that Linux calibrates by"],
  ["KVM_CAP_IRQFD", "interrupts of devices that the host's kernel serves (vhost)"],
  ["KVM_CAP_IOEVENTFD", "queue notifications that cost no exit to user space"],
  ["KVM_CAP_IMMEDIATE_EXIT", "stopping a vCPU without a race"],
  ["KVM_CAP_MP_STATE", "whether a vCPU runs, waits or is halted"],
];

/** With these a VM is faster, or can do more. */
const WELCOME: readonly (readonly [CapName, string])[] = [
  ["KVM_CAP_XSAVE", "AVX state of a vCPU"],
  ["KVM_CAP_ADJUST_CLOCK", "the guest's clock, kept right over a pause"],
  ["KVM_CAP_KVMCLOCK_CTRL", "no false lock-up warnings in a guest that was paused"],
  ["KVM_CAP_GET_TSC_KHZ", "the guest is told its TSC's frequency and need not measure it"],
  ["KVM_CAP_TSC_CONTROL", "a TSC frequency other than the host's"],
  ["KVM_CAP_TSC_DEADLINE_TIMER", "the guest's cheapest timer"],
  ["KVM_CAP_COALESCED_MMIO", "several MMIO writes for one exit"],
  ["KVM_CAP_COALESCED_PIO", "several console bytes for one exit"],
  ["KVM_CAP_SPLIT_IRQCHIP", "only the local APICs in the kernel"],
  ["KVM_CAP_X86_USER_SPACE_MSR", "MSRs that volt answers itself"],
  ["KVM_CAP_X86_MSR_FILTER", "MSRs that a guest may not touch"],
];

/** Capabilities that answer with a number worth showing. */
const COUNTS: ReadonlySet<CapName> = new Set(["KVM_CAP_NR_MEMSLOTS", "KVM_CAP_NR_VCPUS", "KVM_CAP_MAX_VCPUS"]);

const NEWER_KERNEL = "boot a newer Linux kernel (apt-get install linux-image-amd64)";

export function probeCapabilities(kvm: HostKvm): Finding[] {
  return [
    ...REQUIRED.map(([name, purpose]) => probe(kvm, name, purpose, "fail")),
    ...WELCOME.map(([name, purpose]) => probe(kvm, name, purpose, "info")),
  ];
}

function probe(kvm: HostKvm, name: CapName, purpose: string, without: "fail" | "info"): Finding {
  const answer = kvm.capability(name);
  if (answer > 0) return ok({ name, purpose }, COUNTS.has(name) ? String(answer) : "yes");
  // What only hardware can give, no kernel brings.
  const mend = name === "KVM_CAP_TSC_CONTROL" ? "needs a processor that scales the TSC" : NEWER_KERNEL;
  return lacking({ name, purpose }, without, "no", mend);
}
