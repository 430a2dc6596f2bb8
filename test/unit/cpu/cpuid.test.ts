import { describe, expect, test } from "bun:test";
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import { guestCpuid } from "../../../src/cpu/cpuid.ts";

const entry = (leaf: number, subleaf = 0, registers: Partial<CpuidEntry> = {}): CpuidEntry => ({
  ...{ leaf, subleaf, indexed: leaf === 0xb || leaf === 0x1f, eax: 0, ebx: 0, ecx: 0, edx: 0 },
  ...registers,
});

const HYPERVISOR = 2 ** 31;
const TSC_DEADLINE = 1 << 24;
const HTT = 1 << 28;

function features(vcpu: number, vcpus: number, host: Partial<CpuidEntry> = {}, tscDeadline = true): CpuidEntry {
  return guestCpuid([entry(1, 0, host)], { vcpu, vcpus, tscDeadline })[0]!;
}

describe("leaf 1", () => {
  test("says that there is a hypervisor, which KVM leaves out", () => {
    expect(features(0, 1).ecx & HYPERVISOR).not.toBe(0);
  });

  test("offers the TSC deadline timer only where KVM has it", () => {
    expect(features(0, 1).ecx & TSC_DEADLINE).not.toBe(0);
    expect(features(0, 1, {}, false).ecx & TSC_DEADLINE).toBe(0);
  });

  test.each([
    [0, 1],
    [3, 4],
    [31, 32],
  ])("has vCPU %i of %i's own APIC id and their number, whatever the host's are", (vcpu, vcpus) => {
    const { ebx } = features(vcpu, vcpus, { ebx: 0xff80_0834 });
    expect([ebx >>> 24, (ebx >>> 16) & 0xff, ebx & 0xffff]).toEqual([vcpu, vcpus, 0x0834]);
  });

  test("says more than one thread a package only where there is", () => {
    expect(features(0, 1, { edx: HTT }).edx & HTT).toBe(0);
    expect(features(0, 2).edx & HTT).not.toBe(0);
  });

  test("keeps the host's other features, as unsigned numbers", () => {
    const host = { eax: 0x8006_0fb1, ecx: 0x8000_0001, edx: 0x8000_0001 };
    const { eax, ecx, edx } = features(1, 2, host);
    expect([eax, ecx, edx]).toEqual([0x8006_0fb1, HYPERVISOR + TSC_DEADLINE + 1, 0x8000_0001 + HTT]);
  });
});

describe.each([0xb, 0x1f])("topology leaf 0x%x", (leaf) => {
  const levels = (vcpu: number, vcpus: number) =>
    guestCpuid([entry(leaf, 0, { eax: 9, ebx: 9 }), entry(leaf, 1), entry(leaf, 2)], {
      vcpu,
      vcpus,
      tscDeadline: true,
    });

  test("is a thread a core, all cores in one package, then the end of the list", () => {
    const [thread, core, end] = levels(2, 4);
    expect(thread).toMatchObject({ eax: 0, ebx: 1, ecx: 0x100 });
    expect(core).toMatchObject({ eax: 2, ebx: 4, ecx: 0x201 });
    expect(end).toMatchObject({ eax: 0, ebx: 0, ecx: 2 });
  });

  test("has the vCPU's x2APIC id at each level", () => {
    expect(levels(3, 4).map(({ edx }) => edx)).toEqual([3, 3, 3]);
  });

  test.each([
    [1, 0],
    [2, 1],
    [3, 2],
    [5, 3],
    [31, 5],
    [32, 5],
  ])("of %i vCPUs shifts by enough bits for every APIC id: %i", (vcpus, bits) => {
    expect(levels(0, vcpus)[1]!.eax).toBe(bits);
    expect((vcpus - 1) >> bits).toBe(0);
  });
});

test("every other leaf is the host's", () => {
  const host = [entry(0, 0, { eax: 0x16 }), entry(0x4000_0000, 0, { ebx: 1 }), entry(0x8000_0008, 0, { eax: 0x3028 })];
  expect(guestCpuid(host, { vcpu: 1, vcpus: 2, tscDeadline: true })).toEqual(host);
});
