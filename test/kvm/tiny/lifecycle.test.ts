import { describe, expect, test } from "bun:test";
import { Kvm } from "../../../ffi/kvm/system.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";
import { TinyGuest } from "./guest.ts";

test("hlt without interrupt chips ends in KVM_EXIT_HLT, just after the instruction", () => {
  using guest = new TinyGuest("nop; hlt");
  expect(guest.run()).toBe("KVM_EXIT_HLT");
  expect(guest.vcpu.registers().rip).toBe(0x1002n);
});

test("a halted guest goes on where it was when it is run again", () => {
  using guest = new TinyGuest("mov bx, 1; hlt; mov bx, 2; hlt");
  guest.run();
  expect(guest.vcpu.registers().rbx).toBe(1n);
  guest.run();
  expect(guest.vcpu.registers().rbx).toBe(2n);
});

describe("a triple fault", () => {
  test("in long mode ends in KVM_EXIT_SHUTDOWN", () => {
    using guest = new TinyGuest("ud2", { mode: "long" });
    expect(guest.run()).toBe("KVM_EXIT_SHUTDOWN");
  });

  test("from a page that is not there does too", () => {
    using guest = new TinyGuest("mov rax, [0x7ffffff0]; hlt", { mode: "long" });
    expect(guest.run()).toBe("KVM_EXIT_SHUTDOWN");
  });
});

describe("cpuid", () => {
  const READ = (leaf: number): string => `mov eax, ${leaf}; xor ecx, ecx; cpuid; hlt`;

  test("answers what it was given, not what the host has", () => {
    const name = [..."voltvoltvolt"].map((character) => character.charCodeAt(0));
    const word = (at: number): number => Buffer.from(name).readUInt32LE(at);
    const given = { leaf: 0, subleaf: 0, indexed: false, eax: 1, ebx: word(0), edx: word(4), ecx: word(8) };
    using guest = new TinyGuest(READ(0), { cpuid: [given, { ...given, leaf: 1, eax: 0x1234 }] });
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    const { rax, rbx, rcx, rdx } = guest.vcpu.registers();
    expect([rax, rbx, rcx, rdx]).toEqual([1n, BigInt(given.ebx), BigInt(given.ecx), BigInt(given.edx)]);
  });

  test("tells subleaves apart", () => {
    const empty = { indexed: true, ebx: 0, ecx: 0, edx: 0 };
    using guest = new TinyGuest("mov eax, 4; mov ecx, 1; cpuid; hlt", {
      cpuid: [
        { ...empty, leaf: 0, subleaf: 0, indexed: false, eax: 4 },
        { ...empty, leaf: 4, subleaf: 0, eax: 0x1111 },
        { ...empty, leaf: 4, subleaf: 1, eax: 0x2222 },
      ],
    });
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    expect(guest.vcpu.registers().rax).toBe(0x2222n);
  });

  test("takes everything KVM says it supports, and names KVM in the hypervisor leaf", () => {
    using kvm = Kvm.open();
    using guest = new TinyGuest(READ(0x4000_0000), { cpuid: kvm.supportedCpuid() });
    expect(guest.run()).toBe("KVM_EXIT_HLT");
    const { rbx, rcx, rdx } = guest.vcpu.registers();
    const signature = Buffer.from(Uint32Array.from([rbx, rcx, rdx].map(Number)).buffer).toString();
    expect(signature).toBe("KVMKVMKVM\0\0\0");
  });
});

test("twenty guests leave no descriptor behind", () => {
  using _warmUp = new TinyGuest("hlt");
  const before = openDescriptors();
  for (let i = 0; i < 20; i++) {
    using guest = new TinyGuest("hlt");
    guest.run();
  }
  expect(openedSince(before)).toEqual([]);
});
