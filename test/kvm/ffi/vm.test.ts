import { describe, expect, test } from "bun:test";
import { EventFd } from "../../../ffi/eventfd.ts";
import { Vm } from "../../../ffi/kvm/vm.ts";
import { Mapping } from "../../../ffi/memory.ts";
import { systemError } from "../../support/thrown.ts";
import { withVm } from "./machine.ts";

const PAGE = 4096;
const page = (): Mapping => Mapping.create(PAGE, { about: "a page" });

describe("a memory slot", () => {
  test("is set, taken away, and set again elsewhere", () => {
    withVm((vm) => {
      using memory = page();
      const slot = { slot: 0, hostAddress: memory.address };
      vm.setMemorySlot({ ...slot, guestAddress: 0, size: PAGE });
      vm.setMemorySlot({ ...slot, guestAddress: 0, size: 0 });
      vm.setMemorySlot({ ...slot, guestAddress: 0x1_0000_0000, size: PAGE, readOnly: true });
    });
  });

  test("that overlaps another is refused by name", () => {
    withVm((vm) => {
      using memory = page();
      vm.setMemorySlot({ slot: 0, guestAddress: PAGE, hostAddress: memory.address, size: PAGE });
      const overlapping = { slot: 1, guestAddress: PAGE, hostAddress: memory.address, size: PAGE };
      expect(systemError(() => vm.setMemorySlot(overlapping)).message).toBe(
        "the VM: ioctl(KVM_SET_USER_MEMORY_REGION): File exists (EEXIST)",
      );
    });
  });

  test("that is no whole page is refused", () => {
    withVm((vm) => {
      using memory = page();
      const odd = { slot: 0, guestAddress: 1, hostAddress: memory.address, size: PAGE };
      expect(systemError(() => vm.setMemorySlot(odd)).code).toBe("EINVAL");
    });
  });
});

describe("the interrupt chips", () => {
  test("are made once: a second time is an error", () => {
    withVm((vm) => {
      vm.createIrqChip();
      expect(systemError(() => vm.createIrqChip()).message).toBe(
        "the VM: ioctl(KVM_CREATE_IRQCHIP): File exists (EEXIST)",
      );
    });
  });

  test("come before the timer, which is made once too", () => {
    withVm((vm) => {
      vm.createIrqChip();
      vm.createPit();
      expect(systemError(() => vm.createPit()).message).toBe("the VM: ioctl(KVM_CREATE_PIT2): File exists (EEXIST)");
    });
  });

  test("make a local APIC for each vCPU", () => {
    withVm((vm) => {
      vm.createIrqChip();
      using vcpu = vm.createVcpu(3);
      const registers = vcpu.localApic();
      // The id is the top byte of register 0x20.
      expect(registers[0x23]).toBe(3);
      registers[0x350] = 0x07;
      vcpu.setLocalApic(registers);
      expect(vcpu.localApic()[0x350]).toBe(0x07);
    });
  });
});

describe("an irqfd", () => {
  test("needs the interrupt chips, and is one line's for one eventfd", () => {
    withVm((vm) => {
      using event = EventFd.create("an interrupt");
      expect(systemError(() => vm.addIrqFd(event.number, 5)).message).toBe(
        "the VM: ioctl(KVM_IRQFD): Invalid argument (EINVAL)",
      );
      vm.createIrqChip();
      vm.addIrqFd(event.number, 5);
      expect(systemError(() => vm.addIrqFd(event.number, 6)).code).toBe("EBUSY");
    });
  });
});

describe("an ioeventfd", () => {
  test("is told from others at its address by the value written", () => {
    withVm((vm) => {
      using event = EventFd.create("a kick");
      vm.addMmioEventFd(event.number, 0xc000_1050, 0);
      vm.addMmioEventFd(event.number, 0xc000_1050, 1);
      expect(systemError(() => vm.addMmioEventFd(event.number, 0xc000_1050, 1)).message).toBe(
        "the VM: ioctl(KVM_IOEVENTFD): File exists (EEXIST)",
      );
    });
  });

  test("on a descriptor that is no eventfd is refused", () => {
    withVm((vm) => {
      expect(systemError(() => vm.addMmioEventFd(vm.fd.number, 0xc000_1050, 0)).code).toBe("EINVAL");
    });
  });
});

test("late ticks are lost once there is a timer", () => {
  withVm((vm) => {
    vm.createIrqChip();
    expect(systemError(() => vm.loseLateTicks()).code).toBe("ENXIO");
    vm.createPit();
    vm.loseLateTicks();
  });
});

test("the pages Intel hosts need can be placed", () => {
  withVm((vm) => {
    vm.setIdentityMapAddress(0xfffb_c000);
    vm.setTssAddress(0xfffb_d000);
  });
});

test("a VM attached by its number is the same VM", () => {
  withVm((vm) => {
    const attached = Vm.attach(vm.fd.number, 4096);
    attached.createIrqChip();
    expect(systemError(() => vm.createIrqChip()).code).toBe("EEXIST");
  });
});

test("a closed VM can't be used", () => {
  withVm((vm) => {
    vm[Symbol.dispose]();
    expect(systemError(() => vm.createIrqChip()).message).toBe(
      "the VM (already closed): use: Bad file descriptor (EBADF)",
    );
  });
});
