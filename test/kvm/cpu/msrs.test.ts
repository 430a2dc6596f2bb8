/** Which MSRs a guest reaches under volt's filter. */
import { describe, expect, test } from "bun:test";
import { Kvm } from "../../../ffi/kvm/system.ts";
import { msrFilter } from "../../../src/cpu/msr-filter.ts";
import { TinyGuest } from "../tiny/guest.ts";

const ARCH_CAPABILITIES = 0x10a;
const ANSWER = 0x9000;
/** Where real mode looks for the handler of #GP: vector 13. */
const GP_VECTOR = 13 * 4;

/** Does `access` with #GP caught: leaves 1 at ANSWER if it was raised, else 2 and EDX:EAX. */
function touch(msr: number, access: "rdmsr" | "wrmsr", value = 0) {
  const code = `
    lidt [vectors]
    mov word ptr [${GP_VECTOR}], offset caught
    mov word ptr [${GP_VECTOR + 2}], 0
    mov ecx, ${msr}
    mov eax, ${value}
    xor edx, edx
    ${access}
    mov [${ANSWER + 4}], eax
    mov [${ANSWER + 8}], edx
    mov dword ptr [${ANSWER}], 2
    hlt
  caught:
    mov dword ptr [${ANSWER}], 1
    hlt
  vectors:
    .word 0x3ff
    .long 0`;
  using kvm = Kvm.open();
  using guest = new TinyGuest(code, { cpuid: kvm.supportedCpuid(), msrs: msrFilter() });
  expect(guest.run()).toBe("KVM_EXIT_HLT");
  const memory = new DataView(guest.memory.buffer);
  const answer = memory.getUint32(ANSWER, true);
  expect([1, 2]).toContain(answer);
  return { raised: answer === 1, value: memory.getBigUint64(ANSWER + 4, true) };
}

describe("an MSR that the policy allows", () => {
  test.each([
    ["PAT", 0x277],
    ["MTRR_DEF_TYPE", 0x2ff],
    ["APIC_BASE", 0x1b],
    ["EFER", 0xc000_0080],
    ["KVM's SYSTEM_TIME_NEW", 0x4b56_4d01],
  ])("is read: %s", (_, msr) => {
    expect(touch(msr, "rdmsr").raised).toBe(false);
  });
  test("is written", () => {
    expect(touch(0x174, "wrmsr", 0x10).raised).toBe(false);
  });
});

describe("an MSR that the policy denies raises #GP, though KVM has it:", () => {
  test.each([
    ["MCG_CAP", 0x179],
    ["PERF_GLOBAL_STATUS", 0x38e],
    ["MC0_CTL", 0x400],
    ["Hyper-V's GUEST_OS_ID", 0x4000_0000],
    ["VM_HSAVE_PA", 0xc001_0117],
  ])("%s", (_, msr) => {
    expect(touch(msr, "rdmsr").raised).toBe(true);
    expect(touch(msr, "wrmsr").raised).toBe(true);
  });
});

test("ARCH_CAPABILITIES reads as KVM says this host's are: mitigations depend on it", () => {
  using kvm = Kvm.open();
  const offered = kvm.featureMsr(ARCH_CAPABILITIES);
  const seen = touch(ARCH_CAPABILITIES, "rdmsr");
  if (offered === undefined) expect(seen.raised).toBe(true);
  else expect(seen).toEqual({ raised: false, value: offered });
});
