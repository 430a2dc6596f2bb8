/** The /dev/kvm descriptor: what the host's KVM can do, and new VMs. */
import { get, put } from "../abi.ts";
import { check, Errno, SystemError } from "../error.ts";
import { Fd, O } from "../fd.ts";
import { libc } from "../libc.ts";
import type { CpuidEntry } from "./cpuid.ts";
import { readCpuid } from "./cpuid.ts";
import { Cap, type CapName, Ioctl, KVM_API_VERSION } from "./ioctls.ts";
import { CPUID_ENTRY, CPUID2 } from "./layouts.ts";
import { readMsr } from "./msrs.ts";
import { Vm } from "./vm.ts";

export class Kvm implements Disposable {
  readonly fd: Fd;

  constructor(fd: Fd) {
    this.fd = fd;
  }

  /** @throws SystemError ENOENT, EACCES: the caller says what to do about it */
  static open(path = "/dev/kvm"): Kvm {
    return new Kvm(Fd.open(path, O.RDWR));
  }

  /** KVM_GET_API_VERSION: 12 on every kernel since 2.6.22. */
  apiVersion(): number {
    return check(
      libc.ioctl(this.fd.number, Ioctl.KVM_GET_API_VERSION, null),
      "ioctl(KVM_GET_API_VERSION)",
      this.fd.about,
    );
  }

  get apiIsStable(): boolean {
    return this.apiVersion() === KVM_API_VERSION;
  }

  /** KVM_CHECK_EXTENSION: 0 is "no"; some capabilities answer with a count. */
  capability(name: CapName): number {
    return check(
      libc.ioctl(this.fd.number, Ioctl.KVM_CHECK_EXTENSION, Cap[name]),
      `ioctl(KVM_CHECK_EXTENSION, ${name})`,
      this.fd.about,
    );
  }

  /** KVM_CHECK_EXTENSION by number, for a capability that only a user's template names. */
  extension(number: number): number {
    const call = `ioctl(KVM_CHECK_EXTENSION, ${number})`;
    return check(libc.ioctl(this.fd.number, Ioctl.KVM_CHECK_EXTENSION, number), call, this.fd.about);
  }

  /** What the host's KVM offers in a feature MSR, ARCH_CAPABILITIES for one; undefined where it has none. */
  featureMsr(index: number): bigint | undefined {
    return readMsr(this.fd, index);
  }

  /** Size in bytes of a vCPU's kvm_run mapping. */
  vcpuMmapSize(): number {
    const call = "ioctl(KVM_GET_VCPU_MMAP_SIZE)";
    return check(libc.ioctl(this.fd.number, Ioctl.KVM_GET_VCPU_MMAP_SIZE, null), call, this.fd.about);
  }

  /** KVM_GET_SUPPORTED_CPUID: every leaf the host and KVM can give a guest. */
  supportedCpuid(): CpuidEntry[] {
    for (let room = 128; ; room *= 2) {
      const bytes = new Uint8Array(CPUID2.size + room * CPUID_ENTRY.size);
      put(bytes, CPUID2.fields.nent, room);
      const error = -libc.ioctl(this.fd.number, Ioctl.KVM_GET_SUPPORTED_CPUID, bytes);
      if (error === 0) return readCpuid(bytes, get(bytes, CPUID2.fields.nent));
      if (error !== Errno.E2BIG || room > 4096) {
        throw new SystemError("ioctl(KVM_GET_SUPPORTED_CPUID)", error, this.fd.about);
      }
    }
  }

  /** KVM_CREATE_VM. The VM belongs to this process's address space and does not survive an exec. */
  createVm(): Vm {
    for (;;) {
      const fd = libc.ioctl(this.fd.number, Ioctl.KVM_CREATE_VM, null);
      // A signal during creation (it waits for an RCU grace period) is no failure.
      if (fd === -Errno.EINTR) continue;
      return new Vm(new Fd(check(fd, "ioctl(KVM_CREATE_VM)", this.fd.about), "the VM"), this.vcpuMmapSize());
    }
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}
