/**
 * What a volt's threads have called against the rules of their filters: a rule that nothing needs is a hole for nothing.
 * `scripts/unused-rules.ts` says how to record a run.
 */
import { systemCallName } from "../../ffi/system-calls.ts";
import type { Profiles } from "../../src/security/seccomp/profiles.ts";
import type { Condition, Profile, Rule } from "../../src/security/seccomp/rule.ts";

export interface RecordedCall {
  readonly thread: number;
  readonly name: string;
  /** In their low 32 bits. */
  readonly arguments: readonly number[];
}

/** A rule, or some of its calls, that nobody made use of. */
export interface Unused {
  /** Whose filter. */
  readonly thread: string;
  readonly calls: readonly string[];
  /** Whether that is all of the rule. */
  readonly isWhole: boolean;
  readonly why: string;
}

const SET_MODE_FILTER = 1;
const KVM_RUN = 0xae80;

/**
 * Lines of strace, such as `4711 ioctl(0x5, 0xae80, 0) = 0x0` and `4711 read(0x3, 0x7f00, 0x8 <unfinished ...>`, or of perf:
 * `4711 raw_syscalls:sys_enter: NR 16 (5, ae80, 0, 0, 0, 0)`.
 */
export function readRecord(log: string): RecordedCall[] {
  return log.includes("raw_syscalls:") ? readPerf(log) : readStrace(log);
}

function readPerf(log: string): RecordedCall[] {
  return [...log.matchAll(/^ *(\d+) +raw_syscalls:sys_enter: NR (\d+) \(([^)]*)\)/gm)].map(
    ([, thread, call, words]) => ({
      thread: Number(thread),
      name: systemCallName(Number(call)),
      arguments: words!.split(",").map((word) => lowHalf(`0x${word.trim()}`)),
    }),
  );
}

function readStrace(log: string): RecordedCall[] {
  return [...log.matchAll(/^(\d+) +(\w+)\(([^)<]*)/gm)].map(([, thread, name, words]) => ({
    thread: Number(thread),
    name: name!,
    arguments: words!
      .split(",")
      .filter((word) => word.trim() !== "")
      .map((word) => lowHalf(word.trim())),
  }));
}

function lowHalf(word: string): number {
  return Number(BigInt.asUintN(32, BigInt(word)));
}

/**
 * The rules that allow what no call of these records was. One that refuses quietly opens nothing.
 * @param rules the profiles of a process, by its id
 */
export function unusedRules(records: readonly (readonly RecordedCall[])[], rules: (pid: number) => Profiles): Unused[] {
  const used = new Set<string>();
  for (const calls of records) {
    // The main thread puts the first filter up.
    const pid = calls.find(isFilter)?.thread ?? 0;
    const { common, main, vcpu } = rules(pid);
    const vcpus = new Set(calls.filter(isRun).map(({ thread }) => thread));
    const filters = new Map<number, number>();
    let isFiltered = false;
    for (const call of calls) {
      if (isFilter(call)) {
        isFiltered = true;
        filters.set(call.thread, (filters.get(call.thread) ?? 0) + 1);
      }
      if (!isFiltered) continue;
      note(used, common, call);
      // The first filter of the main thread is that of all; a vCPU's thread makes only its own.
      if (call.thread === pid && filters.get(pid)! > 1) note(used, main, call);
      if (vcpus.has(call.thread) && filters.has(call.thread)) note(used, vcpu, call);
    }
  }
  const { common, main, vcpu } = rules(0);
  return [common, main, vcpu].flatMap((profile) => unusedOf(profile, used));
}

function isFilter({ name, arguments: args }: RecordedCall): boolean {
  return name === "seccomp" && args[0] === SET_MODE_FILTER;
}

function isRun({ name, arguments: args }: RecordedCall): boolean {
  return name === "ioctl" && args[1] === KVM_RUN;
}

/** Every rule that would have allowed it: two devices may need the same, and a VM may have one of them. */
function note(used: Set<string>, { thread, rules }: Profile, call: RecordedCall): void {
  rules.forEach((rule, index) => {
    if (applies(rule, call)) used.add(`${thread} ${index} ${call.name}`);
  });
}

function applies({ calls, when }: Rule, call: RecordedCall): boolean {
  return calls.includes(call.name) && when.every((condition) => holds(condition, call.arguments));
}

function holds({ argument, mask = 0xffff_ffff, oneOf }: Condition, args: readonly number[]): boolean {
  const value = ((args[argument] ?? 0) & mask) >>> 0;
  return oneOf.some((one) => one >>> 0 === value);
}

function unusedOf({ thread, rules }: Profile, used: ReadonlySet<string>): Unused[] {
  return rules.flatMap(({ calls, why, refuse }, index) => {
    if (refuse !== undefined) return [];
    const unmade = calls.filter((name) => !used.has(`${thread} ${index} ${name}`));
    return unmade.length === 0 ? [] : [{ thread, calls: unmade, isWhole: unmade.length === calls.length, why }];
  });
}
