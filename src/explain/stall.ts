/** What is known of boots that take long: what it looks like, and what mends it. */
import { type BootRecord, kernelMs, words } from "./record.ts";

/** A change of the kernel's command line, and what it means in words. */
export interface Mend {
  /** For a person: what to do, and what it costs. */
  readonly text: string;
  readonly add?: readonly string[];
  /** Words to take out; a pattern takes whole words that match. */
  readonly remove?: readonly RegExp[];
}

export interface Finding {
  /** What was seen in this boot. */
  readonly seen: string;
  /** What it took; undefined where the kernel's clock did not run yet. */
  readonly ms: number | undefined;
  readonly mend: Mend;
}

export interface Stall {
  readonly name: string;
  /** @returns undefined where this boot has none of it */
  find(boot: BootRecord): Finding | undefined;
}

const WORTH_MS = 10;
const WORTH_SHARE = 0.01;

/** Whether anybody would notice if it were gone. */
export function isWorthMending(boot: BootRecord, ms: number): boolean {
  return ms >= WORTH_MS && ms >= WORTH_SHARE * kernelMs(boot);
}

/** A command line with all of these mends. */
export function mended(commandLine: string, mends: readonly Mend[]): string {
  const removed = mends.flatMap(({ remove = [] }) => remove);
  const kept = words(commandLine).filter((word) => !removed.some((pattern) => pattern.test(word)));
  const added = mends.flatMap(({ add = [] }) => add).filter((word) => !kept.includes(word));
  // What follows " -- " is for init.
  const end = kept.indexOf("--");
  const at = end < 0 ? kept.length : end;
  return [...kept.slice(0, at), ...new Set(added), ...kept.slice(at)].join(" ");
}
