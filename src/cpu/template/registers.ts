/** A CPU template's half about MSRs: what they hold before the guest starts. */
import type { Msr } from "../../../ffi/kvm/msrs.ts";
import type { CpuTemplate } from "../../config/cpu-template.ts";
import { ConfigError } from "../../config/error.ts";
import { applyBitmap, parseBitmap } from "./bitmap.ts";

/** A vCPU, as far as its MSRs go. */
interface MsrHolder {
  /** undefined where KVM has no such MSR. */
  msr(index: number): bigint | undefined;
  /** @returns how many were set: KVM stops at the first it does not take */
  setMsrs(msrs: readonly Msr[]): number;
}

/** @throws ConfigError that names the MSR this host lacks, or whose value it does not take */
export function applyMsrs(vcpu: MsrHolder, { msr_modifiers }: CpuTemplate): void {
  for (const { addr, bitmap } of msr_modifiers) {
    const index = Number(addr);
    const now = vcpu.msr(index);
    if (now === undefined) throw problem(index, "this host's KVM has no such MSR");
    const value = applyBitmap(now, parseBitmap(bitmap));
    if (value !== now && vcpu.setMsrs([{ index, value }]) !== 1) {
      throw problem(index, `this host's KVM does not take 0x${value.toString(16)} (it is 0x${now.toString(16)})`);
    }
  }
}

export function msrsOf({ msr_modifiers }: CpuTemplate): number[] {
  return msr_modifiers.map(({ addr }) => Number(addr));
}

/**
 * The capabilities a template wants. @param extension KVM_CHECK_EXTENSION by number
 * @throws ConfigError that lists those the host lacks
 */
export function checkCapabilities({ kvm_capabilities }: CpuTemplate, extension: (number: number) => number): void {
  const wanted = kvm_capabilities.filter((text) => !text.startsWith("!")).map(Number);
  const missing = wanted.filter((number) => extension(number) === 0);
  if (missing.length > 0) {
    throw new ConfigError("", "CPU template", `this host's KVM lacks the capabilities ${missing.join(", ")}`);
  }
}

function problem(index: number, what: string): ConfigError {
  return new ConfigError("", `CPU template: MSR 0x${index.toString(16)}`, what);
}
