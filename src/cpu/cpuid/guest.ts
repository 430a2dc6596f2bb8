/** What CPUID tells the guest: KVM's table, changed by policy, template, and the machine's shape, in that order. */
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import { applyTemplate, type NamedTemplate } from "../template/apply.ts";
import { nameProcessor } from "./brand.ts";
import { type BitRow, POLICY_BITS, POLICY_LEAVES } from "./policy.ts";
import { cleared, vendorOf, withBits } from "./table.ts";
import { packageTopology, vcpuTopology } from "./topology.ts";
import { matchXsave } from "./xsave.ts";

export interface CpuidOptions {
  readonly vcpus: number;
  /** KVM_CAP_TSC_DEADLINE_TIMER. */
  readonly tscDeadline: boolean;
  /** The processor's name, where KVM's table has none. */
  readonly brand: string;
  readonly template?: NamedTemplate | undefined;
}

/**
 * The table as all vCPUs share it; `vcpuCpuid` makes one vCPU's of it.
 * @param supported KVM_GET_SUPPORTED_CPUID
 * @throws ConfigError when the template asks for what the host lacks
 */
export function machineCpuid(supported: readonly CpuidEntry[], options: CpuidOptions): CpuidEntry[] {
  const { vcpus, tscDeadline, brand, template } = options;
  const allowed = applyPolicy(supported, tscDeadline);
  const shaped = packageTopology(nameProcessor(allowed, brand), vcpus);
  if (!template) return matchXsave(shaped);
  // Once more: how many processors there are, and where, is not the template's to say.
  return matchXsave(packageTopology(applyTemplate(shaped, supported, template), vcpus));
}

/** @param vcpu its number, which is its APIC id */
export function vcpuCpuid(machine: readonly CpuidEntry[], vcpu: number): CpuidEntry[] {
  return vcpuTopology(machine, vcpu);
}

function applyPolicy(supported: readonly CpuidEntry[], tscDeadline: boolean): CpuidEntry[] {
  const vendor = vendorOf(supported);
  const rows = POLICY_BITS.filter((row) => row.vendor === undefined || row.vendor === vendor);
  return supported.map((entry) => {
    const row = POLICY_LEAVES.find(({ leaf }) => leaf === entry.leaf);
    if (row)
      return row.but
        ? withBits(cleared(entry), row.but.register, row.but.mask, entry[row.but.register])
        : cleared(entry);
    const own = rows.filter(({ leaf }) => leaf === entry.leaf && entry.subleaf === 0);
    return own.reduce(
      (now, row) => withBits(now, row.register, 2 ** row.bit, isOn(row, tscDeadline) ? 2 ** row.bit : 0),
      entry,
    );
  });
}

function isOn({ to }: BitRow, tscDeadline: boolean): boolean {
  return to === "on" || (to === "KVM_CAP_TSC_DEADLINE_TIMER" && tscDeadline);
}
