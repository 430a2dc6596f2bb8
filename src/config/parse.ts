/** From anything to a checked VM, with errors that name the field, what was found and what is allowed. */
import * as v from "valibot";
import { ConfigError } from "./error.ts";
import { printable } from "./printable.ts";
import { type VmConfig, type VmConfigInput, VmConfigSchema } from "./schema.ts";

/** Sections of Firecracker's file that name devices volt does not have yet. */
const LATER = ["drives", "network-interfaces", "vsock", "balloon", "metrics", "mmds-config", "cpu-config"];

/** Checks whose message needs no "found": of an empty text or list it would say "0". */
const SAY_IT_ALL = ["check", "non_empty", "min_length"];
/** The most of a wrong value that a message repeats, in characters. */
const MOST_REPEATED = 80;

/**
 * Checks a configuration and fills in its defaults.
 * @param where what the errors are about: a file's path, "" for the command line
 * @param nameOf how the user knows a field, by its path (`machine-config.vcpu_count`)
 * @throws ConfigError
 */
export function parseConfig(input: unknown, where: string, nameOf = (field: string) => field): VmConfig {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new ConfigError(where, "", "a VM is a JSON object: { ... }");
  }
  const later = LATER.find((section) => Object.hasOwn(input, section));
  if (later) throw new ConfigError(where, later, "volt has no such device yet: take the section out");
  const result = v.safeParse(VmConfigSchema, input);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new ConfigError(where, nameOf(v.getDotPath(issue) ?? ""), problem(issue));
}

/** @throws ConfigError where the text is no JSON, or no VM */
export function parseConfigText(text: string, where: string): VmConfigInput {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(
      where,
      "",
      `not JSON (${excerpt((error as Error).message)}): see \`volt run --print-config\` for an example`,
    );
  }
  parseConfig(input, where);
  return input as VmConfigInput;
}

/** A layer of a VM, over another: null takes a device away. */
export type VmConfigLayer = Omit<VmConfigInput, "entropy"> & { entropy?: VmConfigInput["entropy"] | null };

/** Two layers of one VM: what `over` says wins, field by field. */
export function mergeConfig(under: VmConfigInput, over: VmConfigLayer): VmConfigInput {
  const entropy = over.entropy === undefined ? under.entropy : over.entropy;
  return {
    "boot-source": { ...under["boot-source"], ...over["boot-source"] },
    "machine-config": { ...under["machine-config"], ...over["machine-config"] },
    ...(entropy ? { entropy } : {}),
    logger: { ...under.logger, ...over.logger },
    volt: { ...under.volt, ...over.volt },
  };
}

function problem(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object" && issue.expected === "never") return "no such field: is it misspelt?";
  if (SAY_IT_ALL.includes(issue.type)) return issue.message;
  const wanted = issue.message.startsWith("must") ? issue.message : `must be ${kindOf(issue.expected)}`;
  return `${wanted}, found ${excerpt(issue.received)}`;
}

/** valibot says "Object"; JSON, and the people who write it, say "an object". */
function kindOf(expected: string | null): string {
  const kind = expected?.toLowerCase() ?? "something else";
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

function excerpt(found: string): string {
  return printable(found.length <= MOST_REPEATED ? found : `${found.slice(0, MOST_REPEATED)}...`);
}
