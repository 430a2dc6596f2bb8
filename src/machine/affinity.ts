/** The host CPUs a VM's configuration gives to its vCPU threads. */
import { affinity } from "../../ffi/sched.ts";
import { ConfigError } from "../config/error.ts";
import { expandCpuList } from "../config/fields.ts";
import type { VmConfig } from "../config/schema.ts";

/** @throws ConfigError for a CPU that this process may not use, or that is not there */
export function hostCpusOf(config: VmConfig): number[] | undefined {
  const { cpu_affinity } = config.volt;
  if (cpu_affinity === undefined) return undefined;
  const wanted = expandCpuList(cpu_affinity);
  const usable = affinity();
  const missing = wanted.filter((cpu) => !usable.includes(cpu));
  if (missing.length === 0) return wanted;
  const problem = `volt may not use the host's CPU ${missing.join(", ")}; it may use ${usable.join(", ")}`;
  throw new ConfigError("", "volt.cpu_affinity", problem);
}
