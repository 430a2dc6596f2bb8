/**
 * The templates volt has: each gives a guest the instructions of one x86-64 level (System V psABI, "Micro-Architecture
 * Levels") and no others, so that a fleet of different hosts looks alike to its programs. What only kernels use, and what
 * says which mitigations a processor needs, stays the host's: a guest must know that.
 */
import type { CpuTemplate } from "../../config/cpu-template.ts";
import { FEATURE_WORDS, type FeatureWord } from "../cpuid/features.ts";
import { formatBitmap } from "./bitmap.ts";

type Level = 2 | 3 | 4;

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

/** What each level adds. LZCNT is `lzcnt`, SCE `syscall`, OSXSAVE `xsave`: the operating system's half follows. */
const LEVEL_1 = names("fpu cx8 cmov mmx fxsr sse sse2 syscall");
const LEVEL_2 = names("cx16 lahf_lm popcnt sse3 sse4_1 sse4_2 ssse3");
const LEVEL_3 = names("avx avx2 bmi1 bmi2 f16c fma lzcnt movbe xsave");
const LEVEL_4 = names("avx512f avx512bw avx512cd avx512dq avx512vl");

const REQUIRED: Readonly<Record<Level, readonly string[]>> = {
  2: [...LEVEL_1, ...LEVEL_2],
  3: [...LEVEL_1, ...LEVEL_2, ...LEVEL_3],
  4: [...LEVEL_1, ...LEVEL_2, ...LEVEL_3, ...LEVEL_4],
};

/** Instructions a program may find and use, or state it keeps, beyond every level. */
const BEYOND = names(`
  pclmulqdq aes rdrand rdseed fsgsbase adx sha clflushopt clwb hle rtm rdpid
  sha512 sm3 sm4 rao_int cmpccxadd gfni vaes vpclmulqdq waitpkg cldemote movdiri movdir64b enqcmd kl shstk ibt uintr
  serialize tsxldtrk prefetchwt1 prefetchi cet_sss pku ospke mpx pt
  avx512_ifma avx512pf avx512er avx512_vbmi avx512_vbmi2 avx512_vnni avx512_bitalg avx512_vpopcntdq avx512_4vnniw
  avx512_4fmaps avx512_vp2intersect avx512_fp16 avx512_bf16 avx_vnni avx_ifma avx_vnni_int8 avx_ne_convert
  avx_vnni_int16 avx10 amx_bf16 amx_tile amx_int8 amx_fp16 amx_complex
  xsaveopt xsavec xgetbv1 xsaves xfd
  sse4a misalignsse 3dnowprefetch xop lwp fma4 tbm mwaitx mmxext 3dnowext 3dnow clzero rdpru
`);

/** By name; made when asked for. */
export const BASELINES: Readonly<Record<string, () => CpuTemplate>> = {
  "baseline-v2": () => baseline(2),
  "baseline-v3": () => baseline(3),
  "baseline-v4": () => baseline(4),
};

function baseline(level: Level): CpuTemplate {
  const on = REQUIRED[level];
  const higher = [...LEVEL_3, ...LEVEL_4].filter((name) => !on.includes(name));
  const off = [...BEYOND, ...higher];
  const modifiers = FEATURE_WORDS.flatMap((word) => {
    const [set, clear] = [maskOf(word, on), maskOf(word, off)];
    if ((set | clear) === 0n) return [];
    const { leaf, subleaf, register } = word;
    const bitmap = formatBitmap({ mask: set | clear, value: set }, 32);
    return [
      { leaf: hex(leaf), subleaf: hex(subleaf), flags: subleaf === 0 ? 0 : 1, modifiers: [{ register, bitmap }] },
    ];
  });
  const none = { kvm_capabilities: [], msr_modifiers: [], reg_modifiers: [], vcpu_features: [] };
  return { ...none, cpuid_modifiers: modifiers };
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}

function maskOf(word: FeatureWord, wanted: readonly string[]): bigint {
  return word.names.reduce((mask, name, bit) => (wanted.includes(name) ? mask | (1n << BigInt(bit)) : mask), 0n);
}
