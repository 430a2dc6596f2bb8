/** What a folder of the store holds. */
import { readdirSync } from "node:fs";
import { ConfigError } from "../config/error.ts";
import { mendOf } from "./writing.ts";

/** @returns no names where the folder is not there yet @throws ConfigError where it can't be read: that is not empty */
export function namesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new ConfigError("", folder, mendOf(error) ?? `it can't be read (${code}): check its disk`);
  }
}
