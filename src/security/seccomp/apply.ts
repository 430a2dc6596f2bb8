/** Puts filters in force. There is no way back from one. */
import { SystemError } from "../../../ffi/error.ts";
import { type FilterProgram, installFilter } from "../../../ffi/seccomp/filter.ts";
import { ConfigError } from "../../config/error.ts";

/**
 * @param whose every thread of the process and those to come, or the calling one and those it starts
 * @throws ConfigError where the host has no seccomp: it is required
 */
export function apply(program: FilterProgram, whose: "every thread" | "this thread"): void {
  try {
    installFilter(program, whose === "every thread");
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const why = `this host can't filter system calls (${error.code}; its kernel needs CONFIG_SECCOMP_FILTER)`;
    throw new ConfigError("", "--no-seccomp", `${why}: give the flag to run without`);
  }
}
