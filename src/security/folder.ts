/** A folder that stays open to volt in the sandbox, by a descriptor. */
import type { AccessFs } from "../../ffi/landlock.ts";

export interface OpenFolder {
  /** Survives the exec. Where volt gets a root of its own, it leads to the folder there: no way up from it. */
  readonly fd: number;
  /** What may be done in it beyond looking a name up. */
  readonly access: readonly AccessFs[];
  readonly why: string;
}
