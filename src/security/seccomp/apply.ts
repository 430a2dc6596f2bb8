/** Puts filters in force. There is no way back from one. */
import { SystemError } from "../../../ffi/error.ts";
import { installFilter, placeFilter } from "../../../ffi/seccomp/filter.ts";
import { ConfigError } from "../../config/error.ts";
import { assemble } from "./assemble.ts";
import type { Profile } from "./rule.ts";

/**
 * @param whose every thread of the process and those to come, or the calling one and those it starts
 * @param auditReturn where an audit's handler makes the calls that no rule names; undefined where they end the process
 * @throws ConfigError where the host has no seccomp: it is required
 */
export function apply(profile: Profile, whose: "every thread" | "this thread", auditReturn?: number): void {
  const program = assemble(profile, auditReturn);
  try {
    installFilter(program, whose === "every thread");
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const why = `this host can't filter system calls (${error.code}; its kernel needs CONFIG_SECCOMP_FILTER)`;
    throw new ConfigError("", "--no-seccomp", `${why}: give the flag to run without`);
  }
}

/** Makes a filter ready for other threads, which then need not make their own. @returns what `installPlacedFilter` takes */
export function prepare(profile: Profile, auditReturn?: number): number {
  return placeFilter(assemble(profile, auditReturn));
}
