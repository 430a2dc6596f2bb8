/** Puts a profile in force. */
import { SystemError } from "../../../ffi/error.ts";
import { installFilter } from "../../../ffi/seccomp/filter.ts";
import { ConfigError } from "../../config/error.ts";
import { assemble } from "./assemble.ts";
import type { Profile } from "./rule.ts";

/** How filters are put in force, as plain data: it crosses from thread to thread. */
export interface SeccompOrder {
  /** Of this process. */
  readonly pid: number;
  /** Where an audit's handler makes the calls that no rule names; undefined where they end the process. */
  readonly auditReturn: number | undefined;
}

/**
 * There is no way back.
 * @param whose every thread of the process and those to come, or the calling one and those it starts
 * @throws ConfigError where the host has no seccomp: it is required
 */
export function apply(profile: Profile, { auditReturn }: SeccompOrder, whose: "every thread" | "this thread"): void {
  const otherwise =
    auditReturn === undefined ? ({ action: "trap" } as const) : ({ action: "trap", exceptFrom: auditReturn } as const);
  try {
    installFilter(assemble(profile, otherwise), whose === "every thread");
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const why = `this host can't filter system calls (${error.code}; its kernel needs CONFIG_SECCOMP_FILTER)`;
    throw new ConfigError("", "--no-seccomp", `${why}: give the flag to run without`);
  }
}
