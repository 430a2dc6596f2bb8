/**
 * From a profile to the kernel's filter language (classic BPF), as in the kernel's userspace-api/seccomp_filter. Every
 * start of a VM does a part of this (see built.ts): plain loops. Each built-in function that is not needed is one that the
 * engine need not compile (`Uint32Array.from` alone took a third of a millisecond).
 */
import { Errno } from "../../../ffi/error.ts";
import type { FilterProgram } from "../../../ffi/seccomp/filter.ts";
import { systemCallNumber } from "../../../ffi/system-calls.ts";
import type { Condition, Profile, Rule } from "./rule.ts";

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
/** Later than any call volt knows: glibc tries them, and takes an older one where the kernel has none. */
const LAST_KNOWN = 450;
/** How far a conditional jump reaches. */
const MOST_VALUES = 250;

/** The rules of one system call in the filter's language. They can be copied: no jump in them leads out of them. */
export interface CallRules {
  readonly number: number;
  readonly words: readonly number[];
  /** Whether one of them decides whatever the arguments are. */
  readonly isDecided: boolean;
}

/** @throws RangeError for rules that can't be: a mistake of ours */
export function assemble({ rules }: Profile, exceptFrom?: number): FilterProgram {
  return link(assembleCalls(rules), exceptFrom);
}

/**
 * A filter of the rules of its calls, in their order. What none names is trapped: see ffi/seccomp/trap.ts.
 * @param exceptFrom unless it comes from this place: an audit's handler makes it there
 */
export function link(calls: readonly CallRules[], exceptFrom?: number): FilterProgram {
  const code = new Assembler();
  code.load(DATA.arch);
  // Numbers mean other calls there: int 0x80.
  code.jump(BPF.JEQ, AUDIT_ARCH_X86_64, 1, 0);
  code.ret(SECCOMP_RET_KILL_PROCESS);
  code.load(DATA.nr);
  code.jump(BPF.JGE, X32_SYSCALL_BIT, 0, 1);
  code.ret(SECCOMP_RET_KILL_PROCESS);
  code.jump(BPF.JGT, LAST_KNOWN, 0, 1);
  code.ret(SECCOMP_RET_ERRNO | Errno.ENOSYS);
  for (const { number, words, isDecided } of calls) {
    code.jump(BPF.JEQ, number, 1, 0);
    const past = code.skip();
    code.copy(words);
    if (!isDecided) assembleTrap(code, exceptFrom);
    code.land(past);
  }
  assembleTrap(code, exceptFrom);
  return code.program();
}

export function assembleCalls(rules: readonly Rule[]): CallRules[] {
  const calls: CallRules[] = [];
  for (const [number, own] of byNumber(rules)) {
    const code = new Assembler();
    const isDecided = assembleRules(code, own);
    calls.push({ number, words: code.words, isDecided });
  }
  return calls;
}

/**
 * Both together. A call's rules that decide in any case come behind the others', which would never be asked; of two that do,
 * those of `more` are it.
 */
export function mergeCalls(some: readonly CallRules[], more: readonly CallRules[]): CallRules[] {
  const merged: CallRules[] = [];
  const left = new Map<number, CallRules>();
  for (const call of more) left.set(call.number, call);
  for (const call of some) {
    const other = left.get(call.number);
    left.delete(call.number);
    if (other === undefined) merged.push(call);
    else if (call.isDecided && other.isDecided) merged.push(other);
    else if (call.isDecided) merged.push({ ...call, words: other.words.concat(call.words) });
    else merged.push({ ...other, words: call.words.concat(other.words) });
  }
  for (const call of left.values()) merged.push(call);
  return merged;
}

function byNumber(rules: readonly Rule[]): Map<number, Rule[]> {
  const table = new Map<number, Rule[]>();
  for (const rule of rules) {
    for (const call of rule.calls) {
      const number = systemCallNumber(call);
      const own = table.get(number);
      if (own) own.push(rule);
      else table.set(number, [rule]);
    }
  }
  return table;
}

/** The first rule whose conditions hold decides. @returns whether one decides in any case, and so nothing goes on */
function assembleRules(code: Assembler, rules: readonly Rule[]): boolean {
  for (const rule of rules) {
    assembleRule(code, rule);
    if (rule.when.length === 0) return true;
  }
  return false;
}

/** Goes on behind itself where a condition does not hold. */
function assembleRule(code: Assembler, { when, refuse }: Rule): void {
  const failed: number[] = [];
  for (const condition of when) failed.push(assembleCondition(code, condition));
  code.ret(refuse === undefined ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | Errno[refuse]);
  for (const skip of failed) code.land(skip);
}

/** @returns the skip that is taken where it does not hold */
function assembleCondition(code: Assembler, { argument, mask, oneOf }: Condition): number {
  if (oneOf.length > MOST_VALUES) throw new RangeError(`${oneOf.length} values in one condition`);
  // The low half: all the arguments that rules look at are ints to the kernel.
  code.load(DATA.args + 8 * argument);
  if (mask !== undefined) code.jump(BPF.AND_K, mask, 0, 0);
  for (let i = 0; i < oneOf.length; i++) code.jump(BPF.JEQ, oneOf[i]!, oneOf.length - i, 0);
  return code.skip();
}

function assembleTrap(code: Assembler, exceptFrom: number | undefined): void {
  if (exceptFrom !== undefined) {
    code.load(DATA.instruction_pointer);
    code.jump(BPF.JEQ, exceptFrom, 0, 3);
    code.load(DATA.instruction_pointer + 4);
    code.jump(BPF.JEQ, Math.floor(exceptFrom / 2 ** 32), 0, 1);
    code.ret(SECCOMP_RET_ALLOW);
  }
  code.ret(SECCOMP_RET_TRAP);
}

class Assembler {
  /** Two words an instruction; what is stored is taken modulo 2^32. */
  readonly words: number[] = [];

  load(offset: number): void {
    this.words.push(BPF.LD_W_ABS, offset);
  }

  jump(code: number, k: number, jt: number, jf: number): void {
    this.words.push(code | (jt << 16) | (jf << 24), k);
  }

  ret(action: number): void {
    this.words.push(BPF.RET, action);
  }

  /** @returns what to `land` */
  skip(): number {
    this.words.push(BPF.JMP, 0);
    return this.words.length;
  }

  /** The skip leads here. */
  land(skip: number): void {
    this.words[skip - 1] = (this.words.length - skip) / 2;
  }

  copy(words: readonly number[]): void {
    for (const word of words) this.words.push(word);
  }

  program(): FilterProgram {
    return new Uint32Array(this.words);
  }
}
