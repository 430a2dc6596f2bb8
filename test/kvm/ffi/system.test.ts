import { describe, expect, test } from "bun:test";
import { Fd, O } from "../../../ffi/fd.ts";
import { Kvm } from "../../../ffi/kvm/system.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";
import { systemError } from "../../support/thrown.ts";

describe("/dev/kvm", () => {
  test("speaks the stable API", () => {
    using kvm = Kvm.open();
    expect(kvm.apiVersion()).toBe(12);
    expect(kvm.apiIsStable).toBe(true);
  });

  test("tells what it can do, some of it as a count", () => {
    using kvm = Kvm.open();
    expect(kvm.capability("KVM_CAP_USER_MEMORY")).toBe(1);
    expect(kvm.capability("KVM_CAP_IMMEDIATE_EXIT")).toBe(1);
    expect(kvm.capability("KVM_CAP_NR_MEMSLOTS")).toBeGreaterThan(30);
  });

  test("maps at least the documented kvm_run for each vCPU", () => {
    using kvm = Kvm.open();
    expect(kvm.vcpuMmapSize()).toBeGreaterThanOrEqual(4096);
  });

  test("supports every basic leaf of CPUID up to the last it names", () => {
    using kvm = Kvm.open();
    const leaves = kvm.supportedCpuid();
    const highest = leaves.find(({ leaf }) => leaf === 0)!.eax;
    expect(highest).toBeGreaterThanOrEqual(1);
    expect(leaves.some(({ leaf }) => leaf === highest)).toBe(true);
    // Long mode: leaf 0x80000001, EDX bit 29.
    expect(leaves.find(({ leaf }) => leaf === 0x8000_0001)!.edx & (1 << 29)).not.toBe(0);
    expect(leaves.find(({ leaf }) => leaf === 0x4000_0000)).toBeDefined();
  });

  test("that is not there is an error that carries its path", () => {
    expect(systemError(() => Kvm.open("/dev/no-kvm")).message).toBe(
      "/dev/no-kvm: open: No such file or directory (ENOENT)",
    );
  });

  test("that is something else refuses each call by its name", () => {
    using kvm = new Kvm(Fd.open("/dev/null", O.RDWR));
    const ending = "Inappropriate ioctl for device (ENOTTY)";
    expect(systemError(() => kvm.apiVersion()).message).toBe(`/dev/null: ioctl(KVM_GET_API_VERSION): ${ending}`);
    expect(systemError(() => kvm.capability("KVM_CAP_IRQFD")).message).toBe(
      `/dev/null: ioctl(KVM_CHECK_EXTENSION, KVM_CAP_IRQFD): ${ending}`,
    );
    expect(systemError(() => kvm.supportedCpuid()).call).toBe("ioctl(KVM_GET_SUPPORTED_CPUID)");
    expect(systemError(() => kvm.createVm()).call).toBe("ioctl(KVM_CREATE_VM)");
    expect(systemError(() => kvm.vcpuMmapSize()).call).toBe("ioctl(KVM_GET_VCPU_MMAP_SIZE)");
  });

  test("gives every descriptor back, VMs' included", () => {
    const before = openDescriptors();
    for (let i = 0; i < 10; i++) {
      using kvm = Kvm.open();
      using vm = kvm.createVm();
      expect(openDescriptors().get(vm.fd.number)).toBe("anon_inode:kvm-vm");
    }
    expect(openedSince(before)).toEqual([]);
  });
});
