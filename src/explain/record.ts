/** One boot, from all who saw it: the guest's kernel, and volt. */
import type { TracedExits } from "../observe/trace-file.ts";
import type { Call, LogLine } from "./kernel-log.ts";

export interface BootRecord {
  /** As the user's guest has it, without what this look at it adds. */
  readonly commandLine: string;
  /** The kernel unpacks itself in the guest. */
  readonly isPacked: boolean;
  /** Where the kernel's lines came from: its buffer after the boot, or the console while it went on. */
  readonly logFrom: "buffer" | "console";
  /** For a guest that did not end by itself: after how many seconds it was asked to. */
  readonly endedAfter: number | undefined;
  /** volt's phases: milliseconds since the process started. */
  readonly phases: ReadonlyMap<string, number>;
  readonly log: readonly LogLine[];
  readonly calls: readonly Call[];
  /** By vCPU, until the guest's user space said that it is there. */
  readonly exits: readonly TracedExits[];
}

/** The kernel's lines up to its panic or its init, or all of them: what comes after is no boot any more. */
export function bootLines({ log }: Pick<BootRecord, "log">): readonly LogLine[] {
  const end = log.findIndex(({ text }) => /^(Kernel panic|Run \S+ as init)/.test(text));
  return end < 0 ? log : log.slice(0, end + 1);
}

/** How long the boot took by the kernel's own clock, in milliseconds: to its panic, its init or its last line. */
export function kernelMs(boot: Pick<BootRecord, "log">): number {
  return (bootLines(boot).at(-1)?.at ?? 0) * 1000;
}

/** How long a function of the kernel's start took, in milliseconds; all that match, added up. */
export function callMs({ calls }: BootRecord, name: RegExp): number {
  return calls.reduce((sum, call) => (call.kind === "initcall" && name.test(call.name) ? sum + call.ms : sum), 0);
}

/** The first line that says this, and the silence before it in milliseconds. */
export function lineWith(
  { log }: BootRecord,
  text: RegExp,
): { text: string; silenceMs: number; line: number } | undefined {
  const line = log.findIndex((one) => text.test(one.text));
  if (line < 0) return undefined;
  const found = log[line]!;
  return { text: found.text, silenceMs: line === 0 ? 0 : (found.at - log[line - 1]!.at) * 1000, line };
}

/** Exits at ports `first` to `last`: how many, and how long the runs of them took, in milliseconds. */
export function portExits({ exits }: BootRecord, first: number, last: number): { count: number; ms: number } {
  const runs = exits
    .flatMap((vcpu) => vcpu.runs)
    .filter(({ kind, address }) => kind === "port" && address <= last && address + 7 >= first);
  return {
    count: exits
      .flatMap(({ ports }) => ports)
      .filter(({ port }) => port >= first && port <= last)
      .reduce((sum, { reads, writes }) => sum + reads + writes, 0),
    ms: runs.reduce((sum, { begin, end }) => sum + end - begin, 0),
  };
}

export function hasWord({ commandLine }: BootRecord, word: string): boolean {
  return words(commandLine).includes(word);
}

export function words(commandLine: string): string[] {
  return commandLine.split(/\s+/).filter((word) => word !== "");
}

/**
 * From the guest's first instruction to where its kernel's clock begins, in milliseconds: unpacking, and what comes before
 * the first line with a stamp. kvm-clock counts from the VM's creation, and the kernel says what it read there first.
 * @returns undefined without kvm-clock
 */
export function msBeforeClock({ log, phases }: BootRecord): number | undefined {
  const offset = log.map(({ text }) => /^kvm-clock: using sched offset of (\d+) cycles/.exec(text)?.[1]).find(Boolean);
  const [created, entered] = [phases.get("KVM initialised"), phases.get("vCPU 0 enters KVM_RUN")];
  if (offset === undefined || created === undefined || entered === undefined) return undefined;
  return Math.max(0, created + Number(offset) / 1e6 - entered);
}
