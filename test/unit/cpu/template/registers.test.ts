import { describe, expect, test } from "bun:test";
import type { CpuTemplate } from "../../../../src/config/cpu-template.ts";
import { applyMsrs, checkCapabilities, msrsOf } from "../../../../src/cpu/template/registers.ts";

const template = (fields: Partial<CpuTemplate>): CpuTemplate => ({
  ...{ kvm_capabilities: [], cpuid_modifiers: [], msr_modifiers: [], reg_modifiers: [], vcpu_features: [] },
  ...fields,
});

/** A vCPU with these MSRs; it takes no value of `refused`. */
function vcpu(values: Record<number, bigint>, refused?: bigint) {
  const msrs = new Map(Object.entries(values).map(([index, value]) => [Number(index), value]));
  return {
    msrs,
    msr: (index: number) => msrs.get(index),
    setMsrs([one]: readonly { index: number; value: number | bigint }[]) {
      if (one!.value === refused) return 0;
      msrs.set(one!.index, BigInt(one!.value));
      return 1;
    },
  };
}

describe("MSRs of a template", () => {
  const modifiers = [{ addr: "0x10a", bitmap: "0b1x0" }];

  test("change in the bits it speaks of", () => {
    const one = vcpu({ 266: 0xf0_0000_0003n });
    applyMsrs(one, template({ msr_modifiers: modifiers }));
    expect(one.msrs.get(0x10a)).toBe(0xf0_0000_0006n);
  });
  test("that the host has not are named", () => {
    expect(() => applyMsrs(vcpu({}), template({ msr_modifiers: modifiers }))).toThrow(
      "CPU template: MSR 0x10a: this host's KVM has no such MSR",
    );
  });
  test("whose value KVM refuses are named", () => {
    expect(() => applyMsrs(vcpu({ 266: 1n }, 4n), template({ msr_modifiers: modifiers }))).toThrow(
      "CPU template: MSR 0x10a: this host's KVM does not take 0x4 (it is 0x1)",
    );
  });
  test("that are as they should be are not written", () => {
    expect(() => applyMsrs(vcpu({ 266: 4n }, 4n), template({ msr_modifiers: modifiers }))).not.toThrow();
  });
  test("are listed for the filter", () => {
    expect(msrsOf(template({ msr_modifiers: modifiers }))).toEqual([0x10a]);
  });
});

describe("capabilities of a template", () => {
  const check = (...names: string[]) =>
    checkCapabilities(template({ kvm_capabilities: names }), (number) => (number < 100 ? 1 : 0));

  test("must be there", () => {
    expect(() => check("1", "99")).not.toThrow();
    expect(() => check("1", "100", "200")).toThrow("this host's KVM lacks the capabilities 100, 200");
  });
  test("with a ! need not", () => {
    expect(() => check("!100")).not.toThrow();
  });
});
