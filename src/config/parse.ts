/** From anything to a checked VM, with errors that name the field, what was found and what is allowed. */
import * as v from "valibot";
import { type CpuTemplate, CpuTemplateSchema } from "./cpu-template.ts";
import { ConfigError } from "./error.ts";
import { fromFirecracker, isLacking } from "./firecracker-file.ts";
import { fieldsBeside, issueToTell, isUnknown, suggestion } from "./known-fields.ts";
import { printable } from "./printable.ts";
import { type VmConfig, type VmConfigInput, VmConfigSchema } from "./schema.ts";

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
  return parseWith(VmConfigSchema, input, where, nameOf);
}

/** @throws ConfigError where the text is no JSON, or no VM */
export function parseConfigText(text: string, where: string): VmConfigInput {
  const input = fromFirecracker(parseJson(text, where, "volt run --print-config"));
  parseConfig(input, where);
  return input as VmConfigInput;
}

/** @throws ConfigError where the text is no JSON, or no CPU template */
export function parseCpuTemplate(text: string, where: string): CpuTemplate {
  return parseWith(CpuTemplateSchema, parseJson(text, where, "volt cpu dump"), where);
}

function parseWith<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  where: string,
  nameOf = (field: string) => field,
): v.InferOutput<S> {
  // To valibot an array is an object.
  if (Array.isArray(input)) throw new ConfigError(where, "", "must be an object, found Array");
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const issue = issueToTell(result.issues);
  const field = v.getDotPath(issue) ?? "";
  throw new ConfigError(where, nameOf(field), problem(issue, field, schema));
}

/** @param example a command that prints a good one */
function parseJson(text: string, where: string, example: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(
      where,
      "",
      `not JSON (${excerpt((error as Error).message)}): see \`${example}\` for an example`,
    );
  }
}

/** Sections of which a VM has at most one: null in a layer takes one away. */
const SINGLE_DEVICES = ["vsock", "balloon", "entropy", "mmds-config"] as const;
type SingleDevice = (typeof SINGLE_DEVICES)[number];

/** A layer of a VM, over another. */
export type VmConfigLayer = Omit<VmConfigInput, SingleDevice> & { [K in SingleDevice]?: VmConfigInput[K] | null };

/** Two layers of one VM: what `over` says wins, field by field; its disks and interfaces are added, same ids replaced. */
export function mergeConfig(under: VmConfigInput, over: VmConfigLayer): VmConfigInput {
  const single = SINGLE_DEVICES.map((name) => [name, over[name] === undefined ? under[name] : over[name]] as const);
  const machine = { ...under["machine-config"], ...over["machine-config"] };
  // A template by name on top takes the place of one that is written out below, and the other way round.
  if (over["cpu-config"] !== undefined) delete machine.cpu_template;
  const template = over["cpu-config"] ?? (over["machine-config"]?.cpu_template ? undefined : under["cpu-config"]);
  return {
    "boot-source": { ...under["boot-source"], ...over["boot-source"] },
    "machine-config": machine,
    ...(template === undefined ? {} : { "cpu-config": template }),
    drives: mergeById(under.drives, over.drives, "drive_id"),
    "network-interfaces": mergeById(under["network-interfaces"], over["network-interfaces"], "iface_id"),
    ...Object.fromEntries(single.filter(([, section]) => section)),
    logger: { ...under.logger, ...over.logger },
    ...metricsOf(under.metrics, over.metrics),
    volt: { ...under.volt, ...over.volt, sandbox: { ...under.volt?.sandbox, ...over.volt?.sandbox } },
  };
}

function metricsOf(
  under: VmConfigInput["metrics"],
  over: VmConfigInput["metrics"],
): Pick<VmConfigInput, "metrics"> | object {
  return under || over ? { metrics: { ...under, ...over } } : {};
}

function mergeById<K extends string, T extends { [P in K]: string }>(
  under: readonly T[] = [],
  over: readonly T[] = [],
  id: K,
): T[] {
  return [...under.filter((one) => !over.some((other) => other[id] === one[id])), ...over];
}

function problem(issue: v.BaseIssue<unknown>, field: string, schema: v.GenericSchema): string {
  if (isUnknown(issue)) {
    if (isLacking(field)) return "volt does not have this: leave it out";
    const { path = [] } = issue;
    return `no such field: ${suggestion(String(path.at(-1)?.key), fieldsBeside(schema, path))}`;
  }
  if (issue.type === "strict_object" && issue.received === "undefined") return "is missing: it has no default";
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
