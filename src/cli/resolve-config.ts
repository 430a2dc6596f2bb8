/** One checked configuration from a file and flags. */
import { mergeConfig, parseConfig, parseConfigText, type VmConfigLayer } from "../config/parse.ts";
import type { VmConfig, VmConfigInput } from "../config/schema.ts";
import { readInput } from "../host/open-file.ts";
import { flagOf } from "./run-flags.ts";

/** A thousand times what one takes. */
const MOST_CONFIG_BYTES = 2 ** 20;

/** What a VM has that no file describes. */
const WITHOUT_FILE: VmConfigInput = { entropy: {}, balloon: {} };

/** The file first, flags over it. @throws ConfigError */
export function resolveConfig(path: string | undefined, flags: VmConfigLayer): VmConfig {
  const file =
    path === undefined
      ? WITHOUT_FILE
      : parseConfigText(readInput(path, "--config", MOST_CONFIG_BYTES, "a VM's description"), path);
  return parseConfig(mergeConfig(file, flags), "", flagOf);
}
