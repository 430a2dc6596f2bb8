/** The filters of a run: those that were built in, and what its devices need besides. The same as profiles.ts says. */
import type { FilterProgram } from "../../../ffi/seccomp/filter.ts";
import { assembleCalls, type CallRules, link, mergeCalls } from "./assemble.ts";
import { built } from "./built.ts" with { type: "macro" };
import type { Rule } from "./rule.ts";

const { anyPid, ...BUILT } = built();

export type FilterKind = keyof typeof BUILT;

export class Filters {
  readonly #pid: number;
  readonly #devices: readonly CallRules[];
  readonly #exceptFrom: number | undefined;

  /**
   * @param devices what they need while a guest runs
   * @param exceptFrom where an audit's handler makes the calls that no rule names; undefined where they end the process
   */
  constructor(pid: number, devices: readonly Rule[], exceptFrom?: number) {
    this.#pid = pid;
    this.#devices = assembleCalls(devices);
    this.#exceptFrom = exceptFrom;
  }

  program(kind: FilterKind): FilterProgram {
    // A vCPU's thread has no part in devices' back ends.
    const calls = kind === "vcpu" ? BUILT.vcpu : mergeCalls(BUILT[kind], this.#devices);
    const program = link(calls, this.#exceptFrom);
    for (let at = program.indexOf(anyPid); at >= 0; at = program.indexOf(anyPid, at)) program[at] = this.#pid;
    return program;
  }
}
