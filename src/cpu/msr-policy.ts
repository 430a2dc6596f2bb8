/**
 * The MSRs a guest may touch; every other raises #GP, which Linux takes for "not there". KVM alone would serve more:
 * performance counters, machine-check banks, nested virtualisation's, other hypervisors'. Less to reach is less to break.
 *
 * The x2APIC's, 0x800 to 0x8ff, are beyond a filter: KVM always lets them through. Names: Intel SDM volume 4, AMD PPR, and
 * for KVM's own Linux's Documentation/virt/kvm/x86/msr.rst.
 */

export interface MsrRow {
  readonly first: number;
  /** How many in a row; 1 without it. */
  readonly count?: number;
  readonly what: string;
}

export const ALLOWED_MSRS: readonly MsrRow[] = [
  { first: 0x10, what: "TSC" },
  { first: 0x11, count: 2, what: "kvm-clock's first pair: WALL_CLOCK, SYSTEM_TIME" },
  { first: 0x17, what: "PLATFORM_ID" },
  { first: 0x1b, what: "APIC_BASE" },
  { first: 0x3a, what: "FEAT_CTL: locked, with nothing on" },
  { first: 0x3b, what: "TSC_ADJUST" },
  { first: 0x48, count: 2, what: "SPEC_CTRL, PRED_CMD: mitigations" },
  { first: 0x8b, what: "UCODE_REV, on AMD PATCH_LEVEL" },
  { first: 0xce, count: 2, what: "PLATFORM_INFO, CORE_CAPABILITIES" },
  { first: 0xe1, what: "UMWAIT_CONTROL" },
  { first: 0xfe, what: "MTRRcap" },
  { first: 0x10a, count: 2, what: "ARCH_CAPABILITIES, FLUSH_CMD: mitigations" },
  { first: 0x122, what: "TSX_CTRL" },
  { first: 0x140, what: "MISC_FEATURES_ENABLES: CPUID faulting" },
  { first: 0x174, count: 3, what: "SYSENTER_CS, _ESP, _EIP" },
  { first: 0x1a0, what: "MISC_ENABLE" },
  { first: 0x1c4, count: 2, what: "XFD, XFD_ERR" },
  { first: 0x1d9, what: "DEBUGCTL: stepping over branches" },
  { first: 0x200, count: 16, what: "MTRR_PHYSBASE0 to PHYSMASK7" },
  { first: 0x250, what: "MTRR_FIX64K" },
  { first: 0x258, count: 2, what: "MTRR_FIX16K" },
  { first: 0x268, count: 8, what: "MTRR_FIX4K" },
  { first: 0x277, what: "PAT" },
  { first: 0x2ff, what: "MTRR_DEF_TYPE" },
  { first: 0x6a0, what: "U_CET" },
  { first: 0x6a2, what: "S_CET" },
  { first: 0x6a4, count: 5, what: "PL0_SSP to PL3_SSP, INTERRUPT_SSP_TABLE" },
  { first: 0x6e0, what: "TSC_DEADLINE" },
  { first: 0xda0, what: "XSS" },

  {
    first: 0x4b56_4d00,
    count: 9,
    what: "KVM's: clock, asynchronous page faults, steal time, end of interrupt, polling",
  },

  { first: 0xc000_0080, count: 5, what: "EFER, STAR, LSTAR, CSTAR, SYSCALL_MASK" },
  { first: 0xc000_0100, count: 4, what: "FS_BASE, GS_BASE, KERNEL_GS_BASE, TSC_AUX" },

  // AMD's. Linux reads the first without asking whether it may.
  { first: 0xc001_0010, what: "SYSCFG" },
  { first: 0xc001_0015, what: "HWCR" },
  { first: 0xc001_001a, what: "TOP_MEM" },
  { first: 0xc001_001d, what: "TOP_MEM2" },
  { first: 0xc001_001f, what: "NB_CFG" },
  { first: 0xc001_0055, what: "INT_PENDING_MSG" },
  { first: 0xc001_0058, what: "MMIO_CONF_BASE" },
  { first: 0xc001_0112, count: 2, what: "TSEG_ADDR, TSEG_MASK" },
  { first: 0xc001_011f, what: "VIRT_SPEC_CTRL: mitigations" },
  { first: 0xc001_0140, count: 2, what: "OSVW_ID_LENGTH, OSVW_STATUS: errata" },
  { first: 0xc001_1020, count: 4, what: "LS_CFG, IC_CFG, DC_CFG, TW_CFG: errata" },
  { first: 0xc001_1029, count: 2, what: "DE_CFG, BU_CFG2: errata" },
];
