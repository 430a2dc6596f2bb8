/** A guest's processor written down as a template that names every bit. */
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import type { CpuTemplate } from "../../config/cpu-template.ts";
import { REGISTERS } from "../cpuid/table.ts";
import { formatBitmap } from "./bitmap.ts";

/** MSRs that tell a guest what its processor is, and that a host sets as it likes: ARCH_CAPABILITIES, PLATFORM_INFO. */
const TELLING_MSRS = [0x10a, 0xce];

/** @param msr a vCPU's; undefined where it has no such MSR */
export function dumpTemplate(cpuid: readonly CpuidEntry[], msr: (index: number) => bigint | undefined): CpuTemplate {
  const whole = (value: bigint, bits: number) => formatBitmap({ mask: (1n << BigInt(bits)) - 1n, value }, bits);
  return {
    kvm_capabilities: [],
    cpuid_modifiers: cpuid.toSorted(byLeaf).map((entry) => ({
      leaf: hex(entry.leaf),
      subleaf: hex(entry.subleaf),
      flags: entry.indexed ? 1 : 0,
      modifiers: REGISTERS.map((register) => ({ register, bitmap: whole(BigInt(entry[register]), 32) })),
    })),
    msr_modifiers: TELLING_MSRS.flatMap((index) => {
      const value = msr(index);
      return value === undefined ? [] : [{ addr: hex(index), bitmap: whole(value, 64) }];
    }),
    reg_modifiers: [],
    vcpu_features: [],
  };
}

function byLeaf(a: CpuidEntry, b: CpuidEntry): number {
  return a.leaf - b.leaf || a.subleaf - b.subleaf;
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}
