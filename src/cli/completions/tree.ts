/** The commands and flags of volt as data, out of their citty definitions. */
import type { ArgDef, ArgsDef, CommandDef } from "citty";
import { flagTable } from "../arguments.ts";

/** What can be written in a place. */
export type Choice =
  /** The name of a running VM. */
  | { readonly kind: "vm" }
  | { readonly kind: "file" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Something that volt can't know. */
  | { readonly kind: "other" };

export interface FlagNode {
  /** As it is written: `--kernel`, `-d`. */
  readonly flag: string;
  readonly description: string;
  /** Undefined for a flag without a value. */
  readonly value: Choice | undefined;
}

export interface CommandNode {
  /** `kernel trust add`; "" for volt itself. */
  readonly path: string;
  readonly description: string;
  readonly commands: readonly CommandNode[];
  readonly flags: readonly FlagNode[];
  /** What its first word is; undefined for a command that takes none. */
  readonly word: Choice | undefined;
}

const HELP: FlagNode = { flag: "--help", description: "shows what there is", value: undefined };

export async function commandTree(command: CommandDef, path = ""): Promise<CommandNode> {
  const { description = "" } = (await resolved(command.meta)) ?? {};
  const args = ((await resolved(command.args)) ?? {}) as ArgsDef;
  const commands = Object.entries((await resolved(command.subCommands)) ?? {}).map(async ([name, entry]) =>
    commandTree((await resolved(entry)) as CommandDef, path === "" ? name : `${path} ${name}`),
  );
  const positional = Object.values(args).find(({ type }) => type === "positional");
  return {
    path,
    description,
    commands: await Promise.all(commands),
    flags: [...flagsOf(args), HELP],
    word: positional && choiceOf(positional),
  };
}

/** All commands of a tree, the top one first. */
export function everyCommand(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(everyCommand)];
}

function flagsOf(args: ArgsDef): FlagNode[] {
  return [...flagTable(args)].map(([flag, { definition, negated }]) => ({
    flag,
    description:
      (negated && "negativeDescription" in definition && definition.negativeDescription) ||
      (definition.description ?? ""),
    value: definition.type === "boolean" || negated ? undefined : choiceOf(definition),
  }));
}

function choiceOf(argument: ArgDef & { readonly completes?: "vm" }): Choice {
  if (argument.completes) return { kind: argument.completes };
  if (argument.type === "enum") return { kind: "words", words: argument.options ?? [] };
  const hint = `${argument.valueHint ?? ""} ${argument.description ?? ""}`;
  return { kind: /PATH|FILE|SOCKET|\bfile\b/.test(hint) ? "file" : "other" };
}

/** citty lets each of them be a value, a promise, or a function that makes one. */
async function resolved<T>(value: T | Promise<T> | (() => T | Promise<T>) | undefined): Promise<T | undefined> {
  return typeof value === "function" ? await (value as () => T | Promise<T>)() : await value;
}
