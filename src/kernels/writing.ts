/** What can keep volt from writing to the store, in the words of who can mend it. */
import { ConfigError } from "../config/error.ts";

const NO_FOLDER = "it, or a part of it, is a file where a folder must be: give a folder (VOLT_HOME)";

const MENDS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: free some of it (volt kernel gc), or put the store elsewhere (VOLT_HOME)",
  EDQUOT: "your quota is used up: free some of it (volt kernel gc), or put the store elsewhere (VOLT_HOME)",
  EACCES: "permission denied: change its owner or mode, or use a store of your own (VOLT_HOME)",
  EPERM: "permission denied: change its owner or mode, or use a store of your own (VOLT_HOME)",
  EEXIST: NO_FOLDER,
  ENOTDIR: NO_FOLDER,
  EROFS: "it is on a read-only file system: put the store elsewhere (VOLT_HOME)",
};

/** What an error of the store's folders means for its user; undefined where that is not known. */
export function mendOf(error: unknown): string | undefined {
  return MENDS[(error as { code?: string }).code ?? ""];
}

/**
 * Runs what writes below `home`.
 * @throws ConfigError where the disk or its rights are in the way; anything else as it is
 */
export function writing<T>(home: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const mend = mendOf(error);
    throw mend === undefined ? error : new ConfigError("", home, mend);
  }
}
