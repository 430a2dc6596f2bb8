/** From a profile to the kernel's filter language (classic BPF), as linux/Documentation/userspace-api/seccomp_filter. */
import { Errno } from "../../../ffi/error.ts";
import type { Instruction } from "../../../ffi/seccomp/filter.ts";
import { systemCallNumber } from "../../../ffi/system-calls.ts";
import type { Condition, Profile, Rule } from "./rule.ts";

/** What becomes of a call that no rule names. */
export type Otherwise =
  /** SIGSYS to the thread: see ffi/seccomp/trap.ts. */
  | { readonly action: "trap" }
  /** The same, unless the call comes from this place: the audit's handler makes it there. */
  | { readonly action: "trap"; readonly exceptFrom: number };

const BPF = { LD_W_ABS: 0x20, AND_K: 0x54, JMP: 0x05, JEQ: 0x15, JGT: 0x25, JGE: 0x35, RET: 0x06 } as const;
const SECCOMP_RET_KILL_PROCESS = 0x8000_0000;
const SECCOMP_RET_TRAP = 0x0003_0000;
const SECCOMP_RET_ERRNO = 0x0005_0000;
const SECCOMP_RET_ALLOW = 0x7fff_0000;
const AUDIT_ARCH_X86_64 = 0xc000_003e;
/** struct seccomp_data. */
const DATA = { nr: 0, arch: 4, instruction_pointer: 8, args: 16 } as const;
/** Numbers of the x32 ABI begin here: another way to the same calls. */
const X32_SYSCALL_BIT = 0x4000_0000;
/** Later than any call volt knows, glibc tries it and takes an older one where the kernel has none. */
const LAST_KNOWN = 450;
/** How far a conditional jump reaches. */
const MOST_VALUES = 250;

export function assemble({ rules }: Profile, otherwise: Otherwise): Instruction[] {
  const fallback = otherwiseCode(otherwise);
  return [
    load(DATA.arch),
    // Numbers mean other calls there: int 0x80.
    jump(BPF.JEQ, AUDIT_ARCH_X86_64, 1, 0),
    ret(SECCOMP_RET_KILL_PROCESS),
    load(DATA.nr),
    jump(BPF.JGE, X32_SYSCALL_BIT, 0, 1),
    ret(SECCOMP_RET_KILL_PROCESS),
    jump(BPF.JGT, LAST_KNOWN, 0, 1),
    ret(SECCOMP_RET_ERRNO | Errno.ENOSYS),
    ...[...byCall(rules)].flatMap(([call, itsRules]) => {
      const body = [...itsRules.flatMap(ruleCode), ...fallback];
      return [jump(BPF.JEQ, systemCallNumber(call), 1, 0), skip(body.length), ...body];
    }),
    ...fallback,
  ];
}

/** The rules of each call, in their order: the first whose conditions hold decides. */
function byCall(rules: readonly Rule[]): Map<string, Rule[]> {
  const table = new Map<string, Rule[]>();
  for (const rule of rules) {
    for (const call of rule.calls) table.set(call, [...(table.get(call) ?? []), rule]);
  }
  return table;
}

/** Falls through where a condition does not hold. */
function ruleCode({ when = [], refuse }: Rule): Instruction[] {
  let code = [ret(refuse === undefined ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | Errno[refuse])];
  for (const condition of when.toReversed()) code = [...conditionCode(condition, code.length), ...code];
  return code;
}

/** @param bodyLength instructions to skip where it does not hold */
function conditionCode({ argument, mask, oneOf }: Condition, bodyLength: number): Instruction[] {
  if (oneOf.length > MOST_VALUES) throw new RangeError(`${oneOf.length} values in one condition`);
  return [
    // The low half: all the arguments that rules look at are ints to the kernel.
    load(DATA.args + 8 * argument),
    ...(mask === undefined ? [] : [{ code: BPF.AND_K, jt: 0, jf: 0, k: mask >>> 0 }]),
    ...oneOf.map((value, i) => jump(BPF.JEQ, value >>> 0, oneOf.length - i, 0)),
    skip(bodyLength),
  ];
}

function otherwiseCode(otherwise: Otherwise): Instruction[] {
  if (!("exceptFrom" in otherwise)) return [ret(SECCOMP_RET_TRAP)];
  const { exceptFrom } = otherwise;
  return [
    load(DATA.instruction_pointer),
    jump(BPF.JEQ, exceptFrom % 2 ** 32, 0, 3),
    load(DATA.instruction_pointer + 4),
    jump(BPF.JEQ, Math.floor(exceptFrom / 2 ** 32), 0, 1),
    ret(SECCOMP_RET_ALLOW),
    ret(SECCOMP_RET_TRAP),
  ];
}

function load(offset: number): Instruction {
  return { code: BPF.LD_W_ABS, jt: 0, jf: 0, k: offset };
}

function jump(code: number, k: number, jt: number, jf: number): Instruction {
  return { code, jt, jf, k };
}

function skip(count: number): Instruction {
  return { code: BPF.JMP, jt: 0, jf: 0, k: count };
}

function ret(action: number): Instruction {
  return { code: BPF.RET, jt: 0, jf: 0, k: action >>> 0 };
}
