import { describe, expect, test } from "bun:test";
import { Errno } from "../../../ffi/error.ts";
import { Mapping } from "../../../ffi/memory.ts";
import { isMapped, mappingsOf, openDescriptors, openedSince } from "../../support/resources.ts";
import { systemError } from "../../support/thrown.ts";
import { LONG_MODE, REAL_MODE, writePageTables } from "../tiny/modes.ts";
import { withVm } from "./machine.ts";

const MSR_STAR = 0xc000_0081;
const MSR_LSTAR = 0xc000_0082;
/** Bits 63 to 47 of an address are alike: this is none, and KVM refuses it even where it ignores unknown MSRs. */
const NOT_CANONICAL = 0x8000_0000_0000_0000n;

describe("registers", () => {
  test("come back as they were set, 64 bits of each", () => {
    withVm((vm) => {
      using vcpu = vm.createVcpu(0);
      vcpu.setRegisters({ rax: 0xfedc_ba98_7654_3210n, r15: 7, rip: 0x1000, rflags: 2 });
      expect(vcpu.registers()).toMatchObject({
        rax: 0xfedc_ba98_7654_3210n,
        rbx: 0n,
        r15: 7n,
        rip: 0x1000n,
        rflags: 2n,
      });
    });
  });

  test("that select the mode come back too", () => {
    withVm((vm) => {
      using vcpu = vm.createVcpu(0);
      vcpu.setSpecialRegisters(LONG_MODE);
      const { cr0, cr3, cr4, efer } = LONG_MODE;
      expect(vcpu.specialRegisters()).toMatchObject({ cr0, cr3, cr4, efer, csBase: 0 });
      vcpu.setSpecialRegisters({ ...REAL_MODE, cs: { ...REAL_MODE.cs, selector: 0xf000, base: 0xf_0000 } });
      expect(vcpu.specialRegisters()).toMatchObject({ cr0: REAL_MODE.cr0, efer: 0, csBase: 0xf_0000 });
    });
  });

  test("in a state that can't be are refused by name", () => {
    withVm((vm) => {
      using vcpu = vm.createVcpu(0);
      // Paging without protected mode.
      expect(systemError(() => vcpu.setSpecialRegisters({ ...REAL_MODE, cr0: 2 ** 31 })).message).toBe(
        "vCPU 0: ioctl(KVM_SET_SREGS): Invalid argument (EINVAL)",
      );
    });
  });
});

test("MSRs are set up to the first that KVM refuses", () => {
  withVm((vm) => {
    using vcpu = vm.createVcpu(0);
    const star = { index: MSR_STAR, value: 0x23_0010_0000_0000n };
    const lstar = { index: MSR_LSTAR, value: 0 };
    expect(vcpu.setMsrs([star, lstar])).toBe(2);
    expect(vcpu.setMsrs([star, { index: MSR_LSTAR, value: NOT_CANONICAL }, lstar])).toBe(1);
    expect(vcpu.setMsrs([])).toBe(0);
  });
});

test("the FPU takes the state that FNINIT leaves", () => {
  withVm((vm) => {
    using vcpu = vm.createVcpu(0);
    expect(() => vcpu.setFpu(0x37f, 0x1f80)).not.toThrow();
  });
});

test("the TSC's frequency is known", () => {
  withVm((vm) => {
    using vcpu = vm.createVcpu(0);
    expect(vcpu.tscKhz()).toBeGreaterThan(100_000);
  });
});

describe("an address", () => {
  test("is translated through the guest's page tables", () => {
    withVm((vm) => {
      using memory = Mapping.create(0x1_0000, { about: "guest memory" });
      vm.setMemorySlot({ slot: 0, guestAddress: 0, hostAddress: memory.address, size: memory.length });
      writePageTables(memory.view());
      using vcpu = vm.createVcpu(0);
      vcpu.setSpecialRegisters(LONG_MODE);
      expect(vcpu.translate(0x12_3456)).toBe(0x12_3456);
      expect(vcpu.translate(0x4000_0000)).toBeUndefined();
      expect(vcpu.translate(0xffff_ffff_8000_0000n)).toBeUndefined();
    });
  });
});

test("a vCPU whose exit is asked for comes back from run with EINTR, having done nothing", () => {
  withVm((vm) => {
    using vcpu = vm.createVcpu(0);
    vcpu.state.immediateExit = true;
    expect(vcpu.state.immediateExit).toBe(true);
    expect(vcpu.run()).toBe(-Errno.EINTR);
    vcpu.state.immediateExit = false;
    expect(vcpu.state.immediateExit).toBe(false);
  });
});

describe("a vCPU", () => {
  test("has an id of its own", () => {
    withVm((vm) => {
      using _first = vm.createVcpu(0);
      expect(systemError(() => vm.createVcpu(0)).message).toBe("vCPU 0: ioctl(KVM_CREATE_VCPU): File exists (EEXIST)");
      expect(systemError(() => vm.createVcpu(1 << 20)).message).toBe(
        "vCPU 1048576: ioctl(KVM_CREATE_VCPU): Invalid argument (EINVAL)",
      );
    });
  });

  test("gives back its descriptor and its mapping", () => {
    const descriptors = openDescriptors();
    const mappings = mappingsOf("kvm-vcpu");
    for (let i = 0; i < 10; i++) {
      withVm((vm) => {
        const vcpu = vm.createVcpu(0);
        expect(isMapped(vcpu.runAddress)).toBe(true);
        expect(mappingsOf("kvm-vcpu").length).toBe(mappings.length + 1);
        vcpu[Symbol.dispose]();
      });
    }
    expect(mappingsOf("kvm-vcpu")).toEqual(mappings);
    expect(openedSince(descriptors)).toEqual([]);
  });
});

test("CPUID that is more than KVM takes is refused by name", () => {
  withVm((vm) => {
    using vcpu = vm.createVcpu(0);
    const entry = { leaf: 0, subleaf: 0, indexed: false, eax: 0, ebx: 0, ecx: 0, edx: 0 };
    const tooMany = Array.from({ length: 10_000 }, (_, leaf) => ({ ...entry, leaf }));
    expect(systemError(() => vcpu.setCpuid(tooMany)).message).toBe(
      "vCPU 0: ioctl(KVM_SET_CPUID2): Argument list too long (E2BIG)",
    );
  });
});
