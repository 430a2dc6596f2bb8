/** The VOLT_* variables in files that others run volt by. */
import { flagVariables } from "../../../src/cli/environment.ts";
import { RUN_FLAGS } from "../../../src/cli/run-flags.ts";

/** Those that volt does not read: it would ignore them, and start another VM than the file means. */
export function foreignVariables(names: readonly string[]): string[] {
  const known = [...flagVariables(RUN_FLAGS).keys(), "VOLT_HOME"];
  return names.filter((name) => !known.includes(name));
}
