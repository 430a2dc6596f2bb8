/** What stays open to volt in the sandbox by a descriptor. */
import type { AccessFs } from "../../ffi/landlock.ts";

/** It survives the exec. */
export interface OpenPath {
  readonly fd: number;
  /** What may be done: with the file, or in the folder beyond looking a name up. */
  readonly access: readonly AccessFs[];
  readonly why: string;
}

export interface OpenPaths {
  /** Each leads to its file and nowhere else. */
  readonly files: readonly OpenPath[];
  /** Where volt gets a root of its own, each leads to the folder there: no way up from it. */
  readonly folders: readonly OpenPath[];
}
