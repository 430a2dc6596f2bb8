/** One checked configuration from a file and flags. */
import { ConfigError } from "../config/error.ts";
import { mergeConfig, parseConfig, parseConfigText, type VmConfigLayer } from "../config/parse.ts";
import type { VmConfig, VmConfigInput } from "../config/schema.ts";
import { openInput } from "../host/open-file.ts";
import { flagOf } from "./run-flags.ts";

/** A thousand times what one takes: a disk image given by mistake is refused before it is read. */
const MOST_CONFIG_BYTES = 2 ** 20;

/** What a VM has that no file describes. */
const WITHOUT_FILE: VmConfigInput = { entropy: {}, balloon: {} };

/** The file first, flags over it. @throws ConfigError */
export function resolveConfig(path: string | undefined, flags: VmConfigLayer): VmConfig {
  const file = path === undefined ? WITHOUT_FILE : parseConfigText(readConfigFile(path), path);
  return parseConfig(mergeConfig(file, flags), "", flagOf);
}

function readConfigFile(path: string): string {
  const { fd, size } = openInput(path, "--config");
  using _file = fd;
  if (size > MOST_CONFIG_BYTES) {
    throw new ConfigError(
      "",
      "--config",
      `${path} has ${size} bytes: a VM's description has at most ${MOST_CONFIG_BYTES}`,
    );
  }
  return Buffer.from(fd.readAt(0, size)).toString();
}
