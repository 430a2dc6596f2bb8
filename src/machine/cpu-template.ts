/** Finds the CPU template a VM's configuration asks for: one of volt's, a file's, or written out. */
import { ConfigError } from "../config/error.ts";
import { parseCpuTemplate } from "../config/parse.ts";
import type { VmConfig } from "../config/schema.ts";
import type { NamedTemplate } from "../cpu/template/apply.ts";
import { BASELINES } from "../cpu/template/baseline.ts";
import { readInput } from "../host/open-file.ts";

/** Ten times what a dump of the largest host takes. */
const MOST_BYTES = 2 ** 20;
/** What Firecracker's files say for "no template". */
const NONE = "None";

/** @throws ConfigError */
export function cpuTemplateOf(config: VmConfig): NamedTemplate | undefined {
  const written = config["cpu-config"];
  const { cpu_template } = config["machine-config"];
  if (typeof written === "string") return readTemplate(written, "cpu-config");
  if (written !== undefined) return { name: "cpu-config", template: written, ownLeavesOnly: false };
  if (cpu_template === undefined || cpu_template === NONE) return undefined;
  return findTemplate(cpu_template, "machine-config.cpu_template");
}

/**
 * @param nameOrPath what has a slash or a dot in it is a file, anything else one of volt's
 * @param flag what named it, for the message
 * @throws ConfigError
 */
export function findTemplate(nameOrPath: string, flag: string): NamedTemplate {
  const own = Object.hasOwn(BASELINES, nameOrPath) ? BASELINES[nameOrPath] : undefined;
  if (own) return { name: nameOrPath, template: own(), ownLeavesOnly: true };
  if (/[./]/.test(nameOrPath)) return readTemplate(nameOrPath, flag);
  const names = Object.keys(BASELINES).join(", ");
  throw new ConfigError("", flag, `no template "${nameOrPath}": there are ${names}, or give a file's path (./FILE)`);
}

function readTemplate(path: string, flag: string): NamedTemplate {
  const template = parseCpuTemplate(readInput(path, flag, MOST_BYTES, "a CPU template"), path);
  return { name: path, template, ownLeavesOnly: false };
}
