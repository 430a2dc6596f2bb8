/** KVM's structures, from <linux/kvm.h> and <asm/kvm.h>. Checked against the headers by test/unit/ffi/layouts.test.ts. */
import { blob, layout, u8, u16, u32, u64 } from "../abi.ts";

const KVM = "linux/kvm.h";

export const MEMORY_REGION = layout("struct kvm_userspace_memory_region", KVM, 32, {
  slot: u32(0),
  flags: u32(4),
  guest_phys_addr: u64(8),
  memory_size: u64(16),
  userspace_addr: u64(24),
});

export const PIT_CONFIG = layout("struct kvm_pit_config", KVM, 64, { flags: u32(0) });

export const REINJECT_CONTROL = layout("struct kvm_reinject_control", KVM, 32, { pit_reinject: u8(0) });

export const IRQ_LEVEL = layout("struct kvm_irq_level", KVM, 8, { irq: u32(0), level: u32(4) });

export const IRQFD = layout("struct kvm_irqfd", KVM, 32, {
  fd: u32(0),
  gsi: u32(4),
  flags: u32(8),
  resamplefd: u32(12),
});

export const IOEVENTFD = layout("struct kvm_ioeventfd", KVM, 64, {
  datamatch: u64(0),
  addr: u64(8),
  len: u32(16),
  fd: u32(20),
  flags: u32(24),
});

/** With the part of `chip` that is a PIC's interrupt mask register (struct kvm_pic_state). */
export const IRQCHIP = layout("struct kvm_irqchip", KVM, 520, { chip_id: u32(0), "chip.pic.imr": u8(10) });

export const ENABLE_CAP = layout("struct kvm_enable_cap", KVM, 104, { cap: u32(0), flags: u32(4), args: blob(8, 32) });

export const MP_STATE = layout("struct kvm_mp_state", KVM, 4, { mp_state: u32(0) });

export const REGS = layout("struct kvm_regs", KVM, 144, {
  rax: u64(0),
  rbx: u64(8),
  rcx: u64(16),
  rdx: u64(24),
  rsi: u64(32),
  rdi: u64(40),
  rsp: u64(48),
  rbp: u64(56),
  r8: u64(64),
  r9: u64(72),
  r10: u64(80),
  r11: u64(88),
  r12: u64(96),
  r13: u64(104),
  r14: u64(112),
  r15: u64(120),
  rip: u64(128),
  rflags: u64(136),
});

export const SEGMENT = layout("struct kvm_segment", KVM, 24, {
  base: u64(0),
  limit: u32(8),
  selector: u16(12),
  type: u8(14),
  present: u8(15),
  dpl: u8(16),
  db: u8(17),
  s: u8(18),
  l: u8(19),
  g: u8(20),
  avl: u8(21),
  unusable: u8(22),
});

export const DTABLE = layout("struct kvm_dtable", KVM, 16, { base: u64(0), limit: u16(8) });

export const SREGS = layout("struct kvm_sregs", KVM, 312, {
  cs: blob(0, 24),
  ds: blob(24, 24),
  es: blob(48, 24),
  fs: blob(72, 24),
  gs: blob(96, 24),
  ss: blob(120, 24),
  tr: blob(144, 24),
  ldt: blob(168, 24),
  gdt: blob(192, 16),
  idt: blob(208, 16),
  cr0: u64(224),
  cr2: u64(232),
  cr3: u64(240),
  cr4: u64(248),
  cr8: u64(256),
  efer: u64(264),
  apic_base: u64(272),
});

export const FPU = layout("struct kvm_fpu", KVM, 416, { fcw: u16(128), mxcsr: u32(408) });

export const LAPIC_STATE = layout("struct kvm_lapic_state", KVM, 1024, { regs: blob(0, 1024) });

export const CPUID2 = layout("struct kvm_cpuid2", KVM, 8, { nent: u32(0) });

export const CPUID_ENTRY = layout("struct kvm_cpuid_entry2", KVM, 40, {
  function: u32(0),
  index: u32(4),
  flags: u32(8),
  eax: u32(12),
  ebx: u32(16),
  ecx: u32(20),
  edx: u32(24),
});

/** One range of MSRs: a bit each in `bitmap`, from `base` on; a set bit allows what `flags` says. */
export const MSR_FILTER_RANGE = layout("struct kvm_msr_filter_range", KVM, 24, {
  flags: u32(0),
  nmsrs: u32(4),
  base: u32(8),
  bitmap: u64(16),
});

/** Up to 16 ranges. */
export const MSR_FILTER = layout("struct kvm_msr_filter", KVM, 392, { flags: u32(0), ranges: blob(8, 384) });

export const MSRS = layout("struct kvm_msrs", KVM, 8, { nmsrs: u32(0) });

export const MSR_ENTRY = layout("struct kvm_msr_entry", KVM, 16, { index: u32(0), data: u64(8) });

export const TRANSLATION = layout("struct kvm_translation", KVM, 24, {
  linear_address: u64(0),
  physical_address: u64(8),
  valid: u8(16),
});

export const RUN = layout("struct kvm_run", KVM, 2352, {
  immediate_exit: u8(1),
  exit_reason: u32(8),
  "io.direction": u8(32),
  "io.size": u8(33),
  "io.port": u16(34),
  "io.count": u32(36),
  "io.data_offset": u64(40),
  "mmio.phys_addr": u64(32),
  "mmio.data": blob(40, 8),
  "mmio.len": u32(48),
  "mmio.is_write": u8(52),
  "fail_entry.hardware_entry_failure_reason": u64(32),
  "hw.hardware_exit_reason": u64(32),
  "internal.suberror": u32(32),
  "internal.ndata": u32(36),
  "internal.data": blob(40, 128),
  "system_event.type": u32(32),
});
