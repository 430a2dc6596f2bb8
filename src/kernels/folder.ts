/** What a folder of the store holds. */
import { readdirSync } from "node:fs";
import { ConfigError } from "../config/error.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOTDIR: "it, or a part of it, is a file where a folder must be: give a folder (VOLT_HOME)",
  EACCES: "permission denied: change its owner or mode, or use a store of your own (VOLT_HOME)",
};

/** @returns no names where the folder is not there yet @throws ConfigError where it can't be read: that is not empty */
export function namesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new ConfigError("", folder, REASONS[code] ?? `it can't be read (${code}): check its disk`);
  }
}
