/** One checked configuration from a file and flags. */
import { mergeConfig, parseConfig, parseConfigText, type VmConfigLayer } from "../config/parse.ts";
import type { VmConfig, VmConfigInput } from "../config/schema.ts";
import { memoryForGuest } from "../host/memory-limit.ts";
import { readInput } from "../host/open-file.ts";
import { originOf } from "./origin.ts";
import { flagOf } from "./run-flags.ts";

/** A thousand times what one takes. */
const MOST_CONFIG_BYTES = 2 ** 20;

/** What a VM has that no file describes. */
const WITHOUT_FILE: VmConfigInput = { entropy: {}, balloon: {} };

export interface ResolvedConfig {
  readonly config: VmConfig;
  /** How the user knows a field of it: errors of a start are about paths in it, or about flags. */
  readonly nameOf: (field: string) => string;
}

/** The file first, flags over it; memory that neither has said is what the host's cgroup allows. @throws ConfigError */
export function resolveWithNames(path: string | undefined, flags: VmConfigLayer): ResolvedConfig {
  const vm =
    path === undefined
      ? WITHOUT_FILE
      : parseConfigText(readInput(path, "--config", MOST_CONFIG_BYTES, "a VM's description"), path);
  const said = mergeConfig(vm, flags);
  const config = withMemory(said, parseConfig(said, "", flagOf));
  const file = path === undefined ? undefined : { path, vm };
  return { config, nameOf: (field) => originOf(field, { file, flags, config }) };
}

/** For who starts nothing. @throws ConfigError */
export function resolveConfig(path: string | undefined, flags: VmConfigLayer): VmConfig {
  return resolveWithNames(path, flags).config;
}

function withMemory(said: VmConfigInput, config: VmConfig): VmConfig {
  const machine = config["machine-config"];
  // Huge pages are counted elsewhere, and another cgroup has limits of its own.
  if (said["machine-config"]?.mem_size_mib !== undefined || machine.huge_pages !== "None") return config;
  if (config.volt.sandbox.cgroup !== undefined) return config;
  const mem_size_mib = memoryForGuest(machine.vcpu_count) ?? machine.mem_size_mib;
  return { ...config, "machine-config": { ...machine, mem_size_mib } };
}
