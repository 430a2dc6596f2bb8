/** From anything to a checked VM, with errors that name the field, what was found and what is allowed. */
import * as v from "valibot";
import { ConfigError } from "./error.ts";
import { type VmConfig, type VmConfigInput, VmConfigSchema } from "./schema.ts";

/** Sections of Firecracker's file that name devices volt does not have yet. */
const LATER = ["drives", "network-interfaces", "vsock", "balloon", "entropy", "metrics", "mmds-config", "cpu-config"];

/**
 * Checks a configuration and fills in its defaults.
 * @param where what the errors are about: a file's path, "the command line"
 * @throws ConfigError
 */
export function parseConfig(input: unknown, where: string): VmConfig {
  const later = typeof input === "object" && input !== null ? LATER.find((section) => section in input) : undefined;
  if (later) throw new ConfigError(where, later, "volt has no such device yet: take the section out");
  const result = v.safeParse(VmConfigSchema, input);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new ConfigError(where, v.getDotPath(issue) ?? "", problem(issue));
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
      `not JSON (${(error as Error).message}): see \`volt run --print-config\` for an example`,
    );
  }
  parseConfig(input, where);
  return input as VmConfigInput;
}

/** Two layers of one VM: what `over` says wins, field by field. */
export function mergeConfig(under: VmConfigInput, over: VmConfigInput): VmConfigInput {
  return {
    "boot-source": { ...under["boot-source"], ...over["boot-source"] },
    "machine-config": { ...under["machine-config"], ...over["machine-config"] },
    logger: { ...under.logger, ...over.logger },
    volt: { ...under.volt, ...over.volt },
  };
}

function problem(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object" && issue.expected === "never") return "no such field: is it misspelt?";
  const found = `found ${issue.received}`;
  const wanted = issue.message.startsWith("must") ? issue.message : `must be ${issue.expected ?? "something else"}`;
  return `${wanted}, ${found}`;
}
