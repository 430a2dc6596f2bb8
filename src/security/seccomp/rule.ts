/** What a filter knows: system calls, conditions on their arguments, and what happens. Data, to be read by people. */
import type { Errno } from "../../../ffi/error.ts";

/** A condition on one argument: after `mask`, it is one of these. Arguments are compared in their low 32 bits. */
export interface Condition {
  /** 0 to 5. */
  readonly argument: number;
  /** What the manual page calls it. */
  readonly name: string;
  /** Default: all 32 bits. */
  readonly mask?: number;
  readonly oneOf: readonly number[];
  /** For people: what the numbers are. */
  readonly means: string;
}

export interface Rule {
  /** The calls as their manual pages name them. */
  readonly calls: readonly string[];
  /** All must hold; without any the rule is for every argument. */
  readonly when: readonly Condition[];
  /** The call fails with this error, quietly: what Bun tries and can do without. Otherwise it is allowed. */
  readonly refuse?: keyof typeof Errno;
  readonly why: string;
}

/** The rules of one kind of thread. What no rule names ends the process. */
export interface Profile {
  readonly thread: string;
  readonly rules: readonly Rule[];
}

export function allow(why: string, calls: string, when: readonly Condition[] = []): Rule {
  return { calls: calls.split(" "), why, when };
}

export function refuse(why: string, error: keyof typeof Errno, calls: string, when: readonly Condition[] = []): Rule {
  return { calls: calls.split(" "), why, when, refuse: error };
}

/** `ioctl` requests, by the names their headers have. */
export function requests(table: Readonly<Record<string, number>>): Condition[] {
  const names = Object.keys(table);
  return [{ argument: 1, name: "request", oneOf: Object.values(table), means: names.join(", ") }];
}

/** That none of these bits is set. */
export function without(argument: number, name: string, mask: number, means: string): Condition {
  return { argument, name, mask, oneOf: [0], means };
}

export function is(argument: number, name: string, values: Readonly<Record<string, number>>): Condition {
  return { argument, name, oneOf: Object.values(values), means: Object.keys(values).join(", ") };
}
