/** One checked configuration from a file and flags. */
import { mergeConfig, parseConfig, parseConfigText, type VmConfigLayer } from "../config/parse.ts";
import type { VmConfig, VmConfigInput } from "../config/schema.ts";
import { memoryForGuest } from "../host/memory-limit.ts";
import { readInput } from "../host/open-file.ts";
import { flagOf } from "./run-flags.ts";

/** A thousand times what one takes. */
const MOST_CONFIG_BYTES = 2 ** 20;

/** What a VM has that no file describes. */
const WITHOUT_FILE: VmConfigInput = { entropy: {}, balloon: {} };

/** The file first, flags over it; memory that neither has said is what the host's cgroup allows. @throws ConfigError */
export function resolveConfig(path: string | undefined, flags: VmConfigLayer): VmConfig {
  const file =
    path === undefined
      ? WITHOUT_FILE
      : parseConfigText(readInput(path, "--config", MOST_CONFIG_BYTES, "a VM's description"), path);
  const said = mergeConfig(file, flags);
  const config = parseConfig(said, "", flagOf);
  const machine = config["machine-config"];
  // Huge pages are counted elsewhere, and another cgroup has limits of its own.
  if (said["machine-config"]?.mem_size_mib !== undefined || machine.huge_pages !== "None") return config;
  if (config.volt.sandbox.cgroup !== undefined) return config;
  const mem_size_mib = memoryForGuest(machine.vcpu_count) ?? machine.mem_size_mib;
  return { ...config, "machine-config": { ...machine, mem_size_mib } };
}
