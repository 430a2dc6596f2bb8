/** The model-specific registers volt sets before a guest starts. Names and numbers: Intel SDM volume 4. */
import type { Msr } from "../../ffi/kvm/msrs.ts";

const IA32_TSC = 0x10;
const IA32_SYSENTER_CS = 0x174;
const IA32_SYSENTER_ESP = 0x175;
const IA32_SYSENTER_EIP = 0x176;
const IA32_MISC_ENABLE = 0x1a0;
const IA32_MTRR_DEF_TYPE = 0x2ff;
const STAR = 0xc000_0081;
const LSTAR = 0xc000_0082;
const CSTAR = 0xc000_0083;
const SYSCALL_MASK = 0xc000_0084;
const KERNEL_GS_BASE = 0xc000_0102;

/** `rep movs` and `rep stos` may use their fast microcode. */
const FAST_STRING_ENABLE = 1;
/** MTRRs on, everything write-back where none says otherwise: without it Linux takes memory for uncached. */
const MTRR_ENABLE_WRITE_BACK = (1 << 11) | 6;

export const BOOT_MSRS: readonly Msr[] = [
  { index: IA32_SYSENTER_CS, value: 0 },
  { index: IA32_SYSENTER_ESP, value: 0 },
  { index: IA32_SYSENTER_EIP, value: 0 },
  { index: STAR, value: 0 },
  { index: CSTAR, value: 0 },
  { index: KERNEL_GS_BASE, value: 0 },
  { index: SYSCALL_MASK, value: 0 },
  { index: LSTAR, value: 0 },
  { index: IA32_TSC, value: 0 },
  { index: IA32_MISC_ENABLE, value: FAST_STRING_ENABLE },
  { index: IA32_MTRR_DEF_TYPE, value: MTRR_ENABLE_WRITE_BACK },
];
