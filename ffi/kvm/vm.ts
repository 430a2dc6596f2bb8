/** One virtual machine: memory slots, the in-kernel chips, event descriptors, vCPUs. */
import { pack, put } from "../abi.ts";
import { check } from "../error.ts";
import { Fd } from "../fd.ts";
import { libc } from "../libc.ts";
import * as K from "./ioctls.ts";
import { IOEVENTFD, IRQCHIP, IRQFD, MEMORY_REGION, PIT_CONFIG, REINJECT_CONTROL } from "./layouts.ts";
import { type MsrBitmap, setMsrFilter } from "./msrs.ts";
import { Vcpu } from "./vcpu.ts";

/** A piece of guest-physical memory backed by this process's memory; all in bytes. */
export interface MemorySlot {
  readonly slot: number;
  readonly guestAddress: number;
  readonly hostAddress: number;
  /** 0 takes the slot away. */
  readonly size: number;
  /** Guest reads go to memory, guest writes exit as MMIO. */
  readonly readOnly?: boolean;
}

export class Vm implements Disposable {
  readonly fd: Fd;
  readonly #runSize: number;

  /** @param runSize bytes of a vCPU's kvm_run mapping */
  constructor(fd: Fd, runSize: number) {
    this.fd = fd;
    this.#runSize = runSize;
  }

  /** A VM another thread of this process made; only its number crosses between threads. */
  static attach(fd: number, runSize: number): Vm {
    return new Vm(new Fd(fd, "the VM"), runSize);
  }

  /** Three pages below 4 GiB that Intel hosts without unrestricted guests need. KVM wants it before any vCPU. */
  setTssAddress(address: number): void {
    this.#call("KVM_SET_TSS_ADDR", address);
  }

  /** One page, likewise. */
  setIdentityMapAddress(address: number): void {
    this.#call("KVM_SET_IDENTITY_MAP_ADDR", new BigUint64Array([BigInt(address)]));
  }

  setMemorySlot(slot: MemorySlot): void {
    this.#call(
      "KVM_SET_USER_MEMORY_REGION",
      pack(MEMORY_REGION, {
        slot: slot.slot,
        flags: slot.readOnly ? K.KVM_MEM_READONLY : 0,
        guest_phys_addr: slot.guestAddress,
        memory_size: slot.size,
        userspace_addr: slot.hostAddress,
      }),
    );
  }

  /** PIC, I/O APIC and a local APIC a vCPU, in the kernel. Before any vCPU. */
  createIrqChip(): void {
    this.#call("KVM_CREATE_IRQCHIP", null);
  }

  /**
   * Masks every line of both PICs, as firmware leaves them. KVM resets them unmasked with vector base 0, and a guest that
   * boots by hardware-reduced ACPI never touches them: its first serial interrupt would arrive as exception 4.
   */
  maskPics(): void {
    for (const id of [K.KVM_IRQCHIP_PIC_MASTER, K.KVM_IRQCHIP_PIC_SLAVE]) {
      const chip = pack(IRQCHIP, { chip_id: id });
      this.#call("KVM_GET_IRQCHIP", chip);
      put(chip, IRQCHIP.fields["chip.pic.imr"], 0xff);
      this.#call("KVM_SET_IRQCHIP", chip);
    }
  }

  /** The 8254 timer in the kernel. The speaker dummy answers port 0x61, which Linux polls when it calibrates. */
  createPit(): void {
    this.#call("KVM_CREATE_PIT2", pack(PIT_CONFIG, { flags: K.KVM_PIT_SPEAKER_DUMMY }));
  }

  /**
   * From here on a tick that the guest was too slow for is lost, as on hardware. KVM makes up for them otherwise: a flood
   * after each pause, and no interrupts by the processor itself (AVIC) meanwhile.
   *
   * It waits for two grace periods, 15 ms where the second is a long one: nothing for a thread that has better to do. KVM
   * does the same at a VM's end where it was not done before.
   */
  loseLateTicks(): void {
    this.#call("KVM_REINJECT_CONTROL", pack(REINJECT_CONTROL, { pit_reinject: 0 }));
  }

  /**
   * KVM_X86_SET_MSR_FILTER: all MSRs but these raise #GP; see `setMsrFilter`.
   * @throws SystemError
   */
  allowMsrs(allowed: readonly MsrBitmap[]): void {
    check(setMsrFilter(this.fd, allowed) ? 0 : -1, "ioctl(KVM_X86_SET_MSR_FILTER)", this.fd.about);
  }

  /** A write to the eventfd becomes an edge on interrupt line `gsi`. */
  addIrqFd(eventFd: number, gsi: number): void {
    this.#call("KVM_IRQFD", pack(IRQFD, { fd: eventFd, gsi }));
  }

  /** A guest's 4-byte write of `value` at guest-physical `address` signals the eventfd and costs no exit to user space. */
  addMmioEventFd(eventFd: number, address: number, value: number): void {
    const flags = K.KVM_IOEVENTFD_FLAG_DATAMATCH;
    this.#call("KVM_IOEVENTFD", pack(IOEVENTFD, { datamatch: value, addr: address, len: 4, fd: eventFd, flags }));
  }

  /** KVM_CREATE_VCPU. @param id also its local APIC id */
  createVcpu(id: number): Vcpu {
    const about = `vCPU ${id}`;
    const fd = libc.ioctl(this.fd.number, K.Ioctl.KVM_CREATE_VCPU, id);
    return new Vcpu(new Fd(check(fd, "ioctl(KVM_CREATE_VCPU)", about), about), this.#runSize);
  }

  #call(name: keyof typeof K.Ioctl, argument: number | Uint8Array | BigUint64Array | null): void {
    check(libc.ioctl(this.fd.number, K.Ioctl[name], argument), `ioctl(${name})`, this.fd.about);
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}
