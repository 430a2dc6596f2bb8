/**
 * The names of CPUID's feature bits: Intel SDM volume 2 (CPUID), AMD APM volume 3 appendix E, and for 0x40000001
 * Linux's Documentation/virt/kvm/x86/cpuid.rst.
 */
import type { Register } from "./table.ts";

/** One register whose bits are features: setting one claims something that must be there. */
export interface FeatureWord {
  readonly leaf: number;
  readonly subleaf: number;
  readonly register: Register;
  /** From bit 0 on; "-" is reserved, or not a feature. */
  readonly names: readonly string[];
}

function word(leaf: number, register: Register, names: string, subleaf = 0): FeatureWord {
  return { leaf, subleaf, register, names: names.trim().split(/\s+/) };
}

/** Four rows of eight bits each. */
export const FEATURE_WORDS: readonly FeatureWord[] = [
  word(
    0x1,
    "ecx",
    `sse3 pclmulqdq dtes64 monitor ds_cpl vmx smx eist
     tm2 ssse3 cnxt_id sdbg fma cx16 xtpr pdcm
     - pcid dca sse4_1 sse4_2 x2apic movbe popcnt
     tsc_deadline aes xsave osxsave avx f16c rdrand hypervisor`,
  ),
  word(
    0x1,
    "edx",
    `fpu vme de pse tsc msr pae mce
     cx8 apic - sep mtrr pge mca cmov
     pat pse36 psn clfsh - ds acpi mmx
     fxsr sse sse2 ss htt tm ia64 pbe`,
  ),
  word(
    0x7,
    "ebx",
    `fsgsbase tsc_adjust sgx bmi1 hle avx2 fdp_excptn_only smep
     bmi2 erms invpcid rtm rdt_m fcs_fds_deprecation mpx rdt_a
     avx512f avx512dq rdseed adx smap avx512_ifma - clflushopt
     clwb pt avx512pf avx512er avx512cd sha avx512bw avx512vl`,
  ),
  word(
    0x7,
    "ecx",
    `prefetchwt1 avx512_vbmi umip pku ospke waitpkg avx512_vbmi2 shstk
     gfni vaes vpclmulqdq avx512_vnni avx512_bitalg tme avx512_vpopcntdq -
     la57 - - - - - rdpid kl
     bus_lock_detect cldemote - movdiri movdir64b enqcmd sgx_lc pks`,
  ),
  word(
    0x7,
    "edx",
    `- sgx_keys avx512_4vnniw avx512_4fmaps fsrm uintr - -
     avx512_vp2intersect srbds_ctrl md_clear rtm_always_abort - tsx_force_abort serialize hybrid
     tsxldtrk - pconfig arch_lbr ibt - amx_bf16 avx512_fp16
     amx_tile amx_int8 spec_ctrl stibp l1d_flush arch_capabilities core_capabilities ssbd`,
  ),
  word(
    0x7,
    "eax",
    `sha512 sm3 sm4 rao_int avx_vnni avx512_bf16 lass cmpccxadd
     arch_perfmon_ext - fzrm fsrs fsrc - - -
     - fred lkgs wrmsrns nmi_source amx_fp16 hreset avx_ifma
     - - lam msrlist`,
    1,
  ),
  word(
    0x7,
    "edx",
    `- - - - avx_vnni_int8 avx_ne_convert - -
     amx_complex - avx_vnni_int16 - - - prefetchi -
     - - cet_sss avx10`,
    1,
  ),
  word(0x7, "edx", "psfd ipred_ctrl rrsba_ctrl ddpd_u bhi_ctrl mcdt_no", 2),
  word(
    0xd,
    "eax",
    `x87_state sse_state avx_state bndregs_state bndcsr_state opmask_state zmm_hi256_state hi16_zmm_state
     - pkru_state - - - - - -
     - tilecfg_state tiledata_state`,
  ),
  word(0xd, "eax", "xsaveopt xsavec xgetbv1 xsaves xfd", 1),
  word(
    0x4000_0001,
    "eax",
    `kvm_clocksource kvm_nop_io_delay kvm_mmu_op kvm_clocksource2 kvm_async_pf kvm_steal_time kvm_pv_eoi kvm_pv_unhalt
     - kvm_pv_tlb_flush kvm_async_pf_vmexit kvm_pv_send_ipi kvm_poll_control kvm_pv_sched_yield kvm_async_pf_int kvm_msi_ext_dest_id
     kvm_hc_map_gpa_range kvm_migration_control - - - - - -
     kvm_clocksource_stable`,
  ),
  word(
    0x8000_0001,
    "ecx",
    `lahf_lm cmp_legacy svm extapic cr8_legacy lzcnt sse4a misalignsse
     3dnowprefetch osvw ibs xop skinit wdt - lwp
     fma4 tce - nodeid_msr - tbm topoext perfctr_core
     perfctr_nb - bpext ptsc perfctr_llc mwaitx addr_mask_ext`,
  ),
  // What is "-" here repeats leaf 1 EDX on AMD: it is no feature of its own.
  word(
    0x8000_0001,
    "edx",
    `- - - - - - - -
     - - - syscall - - - -
     - - - mp nx - mmxext -
     - fxsr_opt pdpe1gb rdtscp - lm 3dnowext 3dnow`,
  ),
  word(0x8000_0007, "edx", "- - - - - - - - invtsc"),
  word(
    0x8000_0008,
    "ebx",
    `clzero irperf xsaveerptr invlpgb rdpru - - -
     - wbnoinvd - - amd_ibpb int_wbinvd amd_ibrs amd_stibp
     ibrs_always_on stibp_always_on ibrs_preferred ibrs_same_mode - - - amd_ppin
     amd_ssbd virt_ssbd amd_ssb_no cppc amd_psfd btc_no ibpb_ret`,
  ),
  word(
    0x8000_0021,
    "eax",
    `no_nested_data_bp fsgs_non_serializing lfence_serializing smm_page_lock - - null_sel_clears_base upper_addr_ignore
     autoibrs no_smm_ctl_msr amd_fsrs amd_fsrc - prefetch_ctl_msr - -
     - cpuid_user_dis - - - - - -
     - - - sbpb ibpb_brtype srso_no`,
  ),
];

/** The word a register is, or undefined for one that holds numbers. */
export function featureWord(leaf: number, subleaf: number, register: Register): FeatureWord | undefined {
  return FEATURE_WORDS.find((one) => one.leaf === leaf && one.subleaf === subleaf && one.register === register);
}

/** `avx2`, or `bit 17` for one without a name. */
export function bitName(word: FeatureWord | undefined, bit: number): string {
  const name = word?.names[bit] ?? "-";
  return name === "-" ? `bit ${bit}` : name;
}
