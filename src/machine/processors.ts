/** The processors of a machine: what their CPUID says, which MSRs their guest may touch, the state they start in. */
import type { CpuidEntry } from "../../ffi/kvm/cpuid.ts";
import type { Kvm } from "../../ffi/kvm/system.ts";
import type { Vcpu } from "../../ffi/kvm/vcpu.ts";
import type { Vm } from "../../ffi/kvm/vm.ts";
import { wireLocalInterrupts } from "../cpu/apic.ts";
import { machineCpuid, vcpuCpuid } from "../cpu/cpuid/guest.ts";
import type { EntryState } from "../cpu/modes.ts";
import { msrFilter } from "../cpu/msr-filter.ts";
import { BOOT_MSRS } from "../cpu/msrs.ts";
import type { NamedTemplate } from "../cpu/template/apply.ts";
import { applyMsrs, checkCapabilities, msrsOf } from "../cpu/template/registers.ts";

/** FNINIT's control word, and MXCSR after reset (SDM volume 1, 8.1.5 and 10.2.3). */
const FPU_CONTROL_WORD = 0x37f;
const MXCSR = 0x1f80;

/** What the first stage finds out about the processors a guest is to see. */
export interface PlannedProcessors {
  /** The host's name for its own. */
  readonly brand: string;
  readonly template: NamedTemplate | undefined;
  /** CPUs of the host for the vCPUs' threads, one each and round again; undefined: any. */
  readonly hostCpus?: readonly number[] | undefined;
}

/** @returns false where KVM is too old for it (Linux 5.10): the guest then reaches all that KVM emulates */
export function filterMsrs(kvm: Kvm, vm: Vm, { template }: PlannedProcessors): boolean {
  if (kvm.capability("KVM_CAP_X86_MSR_FILTER") === 0) return false;
  vm.allowMsrs(msrFilter(template && msrsOf(template.template)));
  return true;
}

export class Processors {
  readonly #planned: PlannedProcessors;
  /** CPUID as all of them share it. */
  readonly #cpuid: readonly CpuidEntry[];

  /** @throws ConfigError when the template asks for what this host lacks */
  constructor(kvm: Kvm, vcpus: number, planned: PlannedProcessors) {
    const { brand, template } = planned;
    if (template) checkCapabilities(template.template, (number) => kvm.extension(number));
    const tscDeadline = kvm.capability("KVM_CAP_TSC_DEADLINE_TIMER") !== 0;
    this.#planned = planned;
    this.#cpuid = machineCpuid(kvm.supportedCpuid(), { vcpus, tscDeadline, brand, template });
  }

  /** CPUID as a vCPU's guest reads it. */
  cpuid(vcpu: number): CpuidEntry[] {
    return vcpuCpuid(this.#cpuid, vcpu);
  }

  /** A vCPU that knows what it is, by CPUID and MSRs, and no more. */
  identified(vm: Vm, id: number): Vcpu {
    const { template } = this.#planned;
    const vcpu = vm.createVcpu(id);
    vcpu.setCpuid(this.cpuid(id));
    vcpu.setMsrs(BOOT_MSRS);
    if (template) applyMsrs(vcpu, template.template);
    return vcpu;
  }

  /** @returns its descriptor: the vCPU's own thread maps kvm_run for itself */
  create(vm: Vm, id: number, entry: EntryState): number {
    const vcpu = this.identified(vm, id);
    vcpu.setFpu(FPU_CONTROL_WORD, MXCSR);
    vcpu.setLocalApic(wireLocalInterrupts(vcpu.localApic()));
    // The others wait for INIT and SIPI, which KVM serves.
    if (id === 0) {
      vcpu.setSpecialRegisters(entry.special);
      vcpu.setRegisters(entry.registers);
    }
    return vcpu.fd.number;
  }
}
