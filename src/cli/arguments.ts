/**
 * Strict arguments around citty, which lets unknown flags pass, turns a missing value into "" and keeps the last of two.
 * A mistyped flag that silently does nothing starts the wrong VM.
 */
import type { ArgDef, ArgsDef } from "citty";
import { ConfigError } from "../config/error.ts";
import { nearest } from "../config/nearest.ts";

/** What a flag's definition may say beyond citty's. */
export type Flag = ArgDef & {
  /** Of the contract, not built yet: what to say. */
  readonly later?: string;
  /** May be given more than once. */
  readonly repeatable?: boolean;
  /** "" is a value: what a script's empty variable makes. */
  readonly mayBeEmpty?: boolean;
  /** A flag with a value that has a `--no-NAME`: it makes "" of it. */
  readonly negatable?: boolean;
};

export interface StrictArguments {
  /** As citty takes them without a doubt: `--name`, `--no-name`, `--name=value`, positionals. */
  readonly argv: string[];
  /** Values of the repeatable flags, by name, in their order; citty would keep the last of them. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** The names of the flags that were given. */
  readonly given: ReadonlySet<string>;
}

/**
 * Checks arguments against a command's definition.
 * @param argv everything after the command's name, up to `--`
 * @param takesGuestCommand whether what follows `--` is run in the guest
 * @throws ConfigError with the flag and the mend
 */
export function strictArguments(
  argv: readonly string[],
  definition: ArgsDef,
  takesGuestCommand = true,
): StrictArguments {
  const flags = flagTable(definition);
  const positionals = Object.values(definition).filter(({ type }) => type === "positional").length;
  const normal: string[] = [];
  const lists: Record<string, string[]> = {};
  const seen = new Set<string>();
  let words = 0;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (!word.startsWith("-") || word === "-") {
      if (++words > positionals) throw usage(word, unexpected(word, takesGuestCommand));
      normal.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const flag = equals < 0 ? word : word.slice(0, equals);
    const known = flags.get(flag);
    if (!known) throw usage(flag, unknown(flag, [...flags.keys()]));
    const { name, definition: argument, negated } = known;
    if (argument.later !== undefined) throw usage(flag, argument.later);
    if (seen.has(name) && !argument.repeatable) throw usage(flag, "given twice: once is enough");
    seen.add(name);
    if (argument.type === "boolean" || negated) {
      if (equals >= 0) throw usage(flag, "takes no value");
      // What has a value and is not wanted is "", which nobody can write.
      if (argument.type !== "boolean") normal.push(`--${name}=`);
      else normal.push(negated ? `--no-${name}` : `--${name}`);
      continue;
    }
    const value = equals >= 0 ? word.slice(equals + 1) : argv[++i];
    // The next flag in a value's place is a forgotten value; who means it writes --flag=--value.
    const isMissing = value === undefined || (value === "" && !argument.mayBeEmpty) || (equals < 0 && flags.has(value));
    if (isMissing) throw usage(flag, `needs a value: ${flag} ${argument.valueHint ?? "VALUE"}`);
    if (argument.type === "enum" && !argument.options?.includes(value)) {
      throw usage(flag, `"${value}" is not one of ${argument.options?.join(", ")}`);
    }
    if (argument.repeatable) lists[name] = [...(lists[name] ?? []), value];
    else normal.push(`--${name}=${value}`);
  }
  return { argv: normal, lists, given: seen };
}

export interface KnownFlag {
  readonly name: string;
  readonly definition: Flag;
  readonly negated: boolean;
}

/** Every way a flag of a command is written. */
export function flagTable(definition: ArgsDef): Map<string, KnownFlag> {
  const table = new Map<string, KnownFlag>();
  for (const [name, argument] of Object.entries(definition)) {
    if (argument.type === "positional") continue;
    const aliases = "alias" in argument ? [argument.alias ?? []].flat() : [];
    for (const alias of [name, ...aliases]) {
      table.set(alias.length === 1 ? `-${alias}` : `--${alias}`, { name, definition: argument, negated: false });
    }
    if (isNegatable(argument)) {
      table.set(`--no-${name}`, { name, definition: argument, negated: true });
    }
  }
  return table;
}

/** Whether it has a `--no-NAME`. */
export function isNegatable(argument: Flag): boolean {
  if (argument.type !== "boolean") return argument.negatable === true;
  return argument.default === true || argument.negativeDescription !== undefined;
}

function unexpected(word: string, takesGuestCommand: boolean): string {
  const mend = takesGuestCommand ? "a command for the guest goes after `--`" : "see --help";
  return `"${word}" is not expected here: ${mend}`;
}

function unknown(flag: string, known: readonly string[]): string {
  const near = nearest(flag, known);
  // A short flag is two letters away from every other.
  return near && near.distance <= Math.min(2, near.word.length - 3)
    ? `no such flag: did you mean ${near.word}?`
    : "no such flag: see --help";
}

function usage(flag: string, problem: string): ConfigError {
  return new ConfigError("", flag, problem);
}
