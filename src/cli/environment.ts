/**
 * Every flag of `volt run` has a variable, for containers and services, where a command line is hard to change:
 * `--log-level debug` is `VOLT_LOG_LEVEL=debug`. The names come from the flags' definitions; the command line wins.
 */
import type { ArgsDef } from "citty";
import { ConfigError } from "../config/error.ts";
import { nearest } from "../config/nearest.ts";
import { type Flag, isNegatable, type StrictArguments, strictArguments } from "./arguments.ts";
import { RUN_FLAGS } from "./run-flags.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface SettledArguments extends StrictArguments {
  /** What the user calls a flag: its variable, where the value came from there. */
  readonly nameOf: (field: string) => string;
}

const RUN: ArgsDef = RUN_FLAGS;
const PREFIX = "VOLT_";
/** volt's own variables that stand for no flag: docs/environment.md. */
const OTHERS = ["VOLT_HOME", "VOLT_DEBUG", "VOLT_PLAN", "VOLT_CONFINED"];
/** Between the values of a flag that may be given more than once: commas are part of them. */
const SEPARATOR = ";";
const ON = ["1", "true", "yes", "on"];
const OFF = ["0", "false", "no", "off"];
/** A size may be 0. */
const OFF_FOR_VALUES = OFF.filter((word) => word !== "0");

/**
 * Adds what variables say to what flags say. An empty variable is one that is not set.
 * @param definition the command's flags: those that it has from `volt run` have variables, others of the same name do not
 * @throws ConfigError that names the variable
 */
export function withEnvironment(
  given: StrictArguments,
  definition: ArgsDef,
  environment: Environment = process.env,
): SettledArguments {
  const flags: ArgsDef = Object.fromEntries(Object.entries(RUN).filter(([name, flag]) => definition[name] === flag));
  const variables = flagVariables(flags);
  if (variables.size === 0) return { ...given, nameOf: (field) => field };
  checkSpelling(environment, [...flagVariables(RUN).keys(), ...OTHERS]);
  const words: string[] = [];
  const origin = new Map<string, string>();
  for (const [variable, name] of variables) {
    const value = environment[variable] ?? "";
    if (value === "" || given.given.has(name)) continue;
    words.push(...wordsOf(variable, name, value, flags[name]!));
    origin.set(`--${name}`, variable).set(`--no-${name}`, variable);
  }
  const nameOf = (field: string) => origin.get(field) ?? field;
  try {
    const more = strictArguments(words, flags);
    return {
      argv: [...more.argv, ...given.argv],
      lists: { ...more.lists, ...given.lists },
      given: more.given.union(given.given),
      nameOf,
    };
  } catch (error) {
    throw error instanceof ConfigError ? error.renamed(nameOf) : error;
  }
}

/** The flag of each variable. A flag that is a single letter has none. */
export function flagVariables(flags: ArgsDef): ReadonlyMap<string, string> {
  const names = Object.keys(flags).filter((name) => name.length > 1 && flags[name]?.type !== "positional");
  return new Map(names.map((name) => [`${PREFIX}${name.toUpperCase().replaceAll("-", "_")}`, name]));
}

/** The words on a command line that say the same. */
function wordsOf(variable: string, name: string, value: string, flag: Flag): string[] {
  const word = value.toLowerCase();
  if (flag.type === "boolean") {
    if (ON.includes(word)) return [`--${name}`];
    if (!OFF.includes(word)) throw new ConfigError("", variable, `"${value}" is neither on nor off: write 1 or 0`);
    // Off is what a flag without a --no- is by itself.
    return isNegatable(flag) ? [`--no-${name}`] : [];
  }
  if (isNegatable(flag) && OFF_FOR_VALUES.includes(word)) return [`--no-${name}`];
  if (!flag.repeatable) return [`--${name}=${value}`];
  const values = value.split(SEPARATOR).map((one) => one.trim());
  return values.filter((one) => one !== "").map((one) => `--${name}=${one}`);
}

/**
 * A mistyped variable that does nothing starts the wrong VM. Others that begin alike are somebody else's: Kubernetes makes
 * VOLT_SERVICE_HOST of a service called volt.
 */
function checkSpelling(environment: Environment, known: readonly string[]): void {
  const unknown = Object.keys(environment).filter((name) => name.startsWith(PREFIX) && !known.includes(name));
  for (const name of unknown) {
    const near = nearest(name, known);
    const letters = name.length - PREFIX.length;
    // Short words are close to each other by chance.
    if (!near || near.distance > Math.min(2, Math.floor(letters / 2) - 1)) continue;
    throw new ConfigError("", name, `no such variable: did you mean ${near.word}?`);
  }
}
