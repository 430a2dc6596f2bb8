/** KVM's ioctl numbers and constants, named as in <linux/kvm.h>. Nothing outside ffi/ sees them. */
import { io, ior, iow, iowr } from "../abi.ts";
import * as L from "./layouts.ts";

const KVMIO = 0xae;

export const Ioctl = {
  KVM_GET_API_VERSION: io(KVMIO, 0x00),
  KVM_CREATE_VM: io(KVMIO, 0x01),
  KVM_CHECK_EXTENSION: io(KVMIO, 0x03),
  KVM_GET_VCPU_MMAP_SIZE: io(KVMIO, 0x04),
  KVM_GET_SUPPORTED_CPUID: iowr(KVMIO, 0x05, L.CPUID2.size),
  KVM_CREATE_VCPU: io(KVMIO, 0x41),
  KVM_SET_USER_MEMORY_REGION: iow(KVMIO, 0x46, L.MEMORY_REGION.size),
  KVM_SET_TSS_ADDR: io(KVMIO, 0x47),
  KVM_SET_IDENTITY_MAP_ADDR: iow(KVMIO, 0x48, 8),
  KVM_CREATE_IRQCHIP: io(KVMIO, 0x60),
  KVM_IRQ_LINE: iow(KVMIO, 0x61, L.IRQ_LEVEL.size),
  KVM_GET_IRQCHIP: iowr(KVMIO, 0x62, L.IRQCHIP.size),
  KVM_SET_IRQCHIP: ior(KVMIO, 0x63, L.IRQCHIP.size),
  KVM_REINJECT_CONTROL: io(KVMIO, 0x71),
  KVM_IRQFD: iow(KVMIO, 0x76, L.IRQFD.size),
  KVM_CREATE_PIT2: iow(KVMIO, 0x77, L.PIT_CONFIG.size),
  KVM_IOEVENTFD: iow(KVMIO, 0x79, L.IOEVENTFD.size),
  KVM_RUN: io(KVMIO, 0x80),
  KVM_GET_REGS: ior(KVMIO, 0x81, L.REGS.size),
  KVM_SET_REGS: iow(KVMIO, 0x82, L.REGS.size),
  KVM_GET_SREGS: ior(KVMIO, 0x83, L.SREGS.size),
  KVM_SET_SREGS: iow(KVMIO, 0x84, L.SREGS.size),
  KVM_TRANSLATE: iowr(KVMIO, 0x85, L.TRANSLATION.size),
  KVM_GET_MSRS: iowr(KVMIO, 0x88, L.MSRS.size),
  KVM_SET_MSRS: iow(KVMIO, 0x89, L.MSRS.size),
  KVM_SET_FPU: iow(KVMIO, 0x8d, L.FPU.size),
  KVM_GET_LAPIC: ior(KVMIO, 0x8e, L.LAPIC_STATE.size),
  KVM_SET_LAPIC: iow(KVMIO, 0x8f, L.LAPIC_STATE.size),
  KVM_SET_CPUID2: iow(KVMIO, 0x90, L.CPUID2.size),
  KVM_SET_MP_STATE: iow(KVMIO, 0x99, L.MP_STATE.size),
  KVM_ENABLE_CAP: iow(KVMIO, 0xa3, L.ENABLE_CAP.size),
  KVM_GET_TSC_KHZ: io(KVMIO, 0xa3),
  KVM_KVMCLOCK_CTRL: io(KVMIO, 0xad),
  KVM_X86_SET_MSR_FILTER: iow(KVMIO, 0xc6, L.MSR_FILTER.size),
} as const;

/** The capabilities volt uses or reports. */
export const Cap = {
  KVM_CAP_IRQCHIP: 0,
  KVM_CAP_USER_MEMORY: 3,
  KVM_CAP_SET_TSS_ADDR: 4,
  KVM_CAP_EXT_CPUID: 7,
  KVM_CAP_NR_VCPUS: 9,
  KVM_CAP_NR_MEMSLOTS: 10,
  KVM_CAP_MP_STATE: 14,
  KVM_CAP_COALESCED_MMIO: 15,
  KVM_CAP_IRQFD: 32,
  KVM_CAP_PIT2: 33,
  KVM_CAP_IOEVENTFD: 36,
  KVM_CAP_ADJUST_CLOCK: 39,
  KVM_CAP_XSAVE: 55,
  KVM_CAP_TSC_CONTROL: 60,
  KVM_CAP_GET_TSC_KHZ: 61,
  KVM_CAP_MAX_VCPUS: 66,
  KVM_CAP_TSC_DEADLINE_TIMER: 72,
  KVM_CAP_KVMCLOCK_CTRL: 76,
  KVM_CAP_READONLY_MEM: 81,
  KVM_CAP_SPLIT_IRQCHIP: 121,
  KVM_CAP_IMMEDIATE_EXIT: 136,
  KVM_CAP_COALESCED_PIO: 162,
  KVM_CAP_X86_USER_SPACE_MSR: 188,
  KVM_CAP_X86_MSR_FILTER: 189,
} as const;

export type CapName = keyof typeof Cap;

export const KVM_IRQCHIP_PIC_MASTER = 0;
export const KVM_IRQCHIP_PIC_SLAVE = 1;
export const KVM_API_VERSION = 12;
export const KVM_PIT_SPEAKER_DUMMY = 1;
export const KVM_IOEVENTFD_FLAG_DATAMATCH = 1;
export const KVM_IOEVENTFD_FLAG_PIO = 2;
export const KVM_IRQFD_FLAG_DEASSIGN = 1;
export const KVM_MEM_READONLY = 2;
export const KVM_MP_STATE_RUNNABLE = 0;
export const KVM_MSR_FILTER_DEFAULT_DENY = 1;
export const KVM_MSR_FILTER_READ = 1;
export const KVM_MSR_FILTER_WRITE = 2;
export const KVM_MSR_FILTER_MAX_RANGES = 16;
/** The header spells it so. */
export const KVM_CPUID_FLAG_SIGNIFCANT_INDEX = 1;
