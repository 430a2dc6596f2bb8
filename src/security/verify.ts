/** Stage two's first act: makes sure it is where stage one wanted it to be. Fails closed. */
import { hasCapabilities, hasNoNewPrivileges, setDumpable } from "../../ffi/capabilities.ts";
import { SystemError } from "../../ffi/error.ts";
import { type Outcome, readReport } from "../../ffi/program/program.ts";
import { ConfigError } from "../config/error.ts";
import type { Demands } from "./confinement.ts";

/** What a start got of the layers that not every host gives. */
export interface Namespaces {
  /** Why there are none; undefined when there are. */
  readonly missing: string | undefined;
  /** Why the root is still the host's; undefined when it is volt's own. */
  readonly rootMissing: string | undefined;
}

/**
 * @param report the value of OUTCOME_VARIABLE
 * @returns undefined where no namespaces were asked for
 * @throws ConfigError naming what is missing, and the flag to go without where there is one
 */
export function verifyConfinement({ required, namespaces }: Demands, report: string): Namespaces | undefined {
  const outcomes = readReport(report);
  for (const [index, problem] of required) {
    // A step that was skipped together with the namespaces it belongs to is missing there.
    if (outcomes[index] === undefined && problem.startsWith("sandbox: namespaces")) continue;
    if (outcomes[index] !== 0) throw new ConfigError("", "", `${problem} (${reason(outcomes[index])})`);
  }
  if (hasCapabilities()) throw new ConfigError("", "sandbox", "privileges: some are left");
  if (!hasNoNewPrivileges()) throw new ConfigError("", "sandbox", "privileges: no_new_privs is not set");
  // An exec resets it. It keeps this user's other processes from ptrace and from /proc/PID/mem.
  setDumpable(false);
  if (namespaces === undefined) return undefined;
  const { unshared, rooted, mustBe, ownPids } = namespaces;
  const missing = missingBecause(outcomes, unshared, unshared);
  const rootMissing = missing ?? missingBecause(outcomes, unshared + 1, rooted);
  if (mustBe && rootMissing !== undefined) {
    throw new ConfigError(
      "",
      "--require-namespaces",
      `this host gives volt none (${rootMissing}): see \`volt doctor\``,
    );
  }
  if (ownPids && missing !== undefined) {
    throw new ConfigError("", "--pid-namespace", `this host gives volt none (${missing}): see \`volt doctor\``);
  }
  return { missing, rootMissing };
}

/** Whether the step at `last` was made and went well; if not, the error that led around it. */
function missingBecause(outcomes: readonly Outcome[], first: number, last: number): string | undefined {
  if (outcomes[last] === 0) return undefined;
  return reason(outcomes.slice(first, last + 1).findLast((outcome) => outcome !== 0 && outcome !== undefined));
}

function reason(outcome: Outcome): string {
  return outcome === undefined ? "it was not tried" : new SystemError("", outcome, "").code;
}
