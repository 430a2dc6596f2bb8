/** One system call on the way into the sandbox, made by the program between the stages (ffi/program/). */
import type { Argument } from "../../ffi/program/program.ts";

/** The layers of the sandbox that the program between the stages puts up; seccomp is stage two's own. */
export type Layer = "limits" | "namespaces" | "root" | "privileges" | "Landlock";

export interface Step {
  readonly layer: Layer;
  readonly call: string;
  readonly arguments: readonly Argument[];
  /** What went wrong when it fails, as the end of an error's line. */
  readonly about: string;
  /**
   * After an error: the start stops (default), the next step comes, or the first one behind the step with this mark.
   * What a start can do without, and what another layer covers, goes on.
   */
  readonly orElse?: "stop" | "go on" | Mark;
  /** This step's own mark, for others to go on behind it. */
  readonly mark?: Mark;
  /** Its result is a descriptor that goes into the bytes of another step's argument, or is another step's argument. */
  readonly result?:
    | { readonly bytes: Uint8Array; readonly offset: number }
    | { readonly step: Mark; readonly argument: number };
}

/** A name for a step, unique in the list. */
export type Mark = `#${string}`;
