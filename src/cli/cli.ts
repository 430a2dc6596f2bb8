/** The `volt` command: picks the subcommand, checks its flags strictly, and hands over to citty. */
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand } from "citty";
import { isTerminal } from "../../ffi/terminal.ts";
import { ConfigError } from "../config/error.ts";
import { VERSION } from "../version.ts";
import { strictArguments } from "./arguments.ts";
import { print } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { RUN_EXAMPLES } from "./run-flags.ts";

const STDOUT = 1;

/** Each is loaded when it is asked for: a start of a VM pays for none of the others. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandDef>>> = {
  run: async () => plain((await import("./run.ts")).runVmCommand),
  doctor: async () => plain((await import("./doctor.ts")).doctorCommand),
  cpu: async () => plain((await import("./cpu.ts")).cpuCommand),
  version: async () => plain((await import("./version.ts")).versionCommand),
};

const EXAMPLES: Readonly<Record<string, readonly string[]>> = { run: RUN_EXAMPLES };

/** Other programs' names that this file answers to one day. */
const PERSONALITIES = ["firecracker", "jailer"];

/** @param argv without the program. A command that fails throws, or sets process.exitCode. */
export async function runCli(argv: readonly string[], firstLineNs: number): Promise<void> {
  const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  const personality = PERSONALITIES.find((other) => name === other || argv[0] === other);
  if (personality) throw new ConfigError("", personality, "volt does not stand in for it yet: use `volt run`");

  const split = argv.indexOf("--");
  const [word = "--help", ...words] = split < 0 ? argv : argv.slice(0, split);
  const rest = split < 0 ? [] : argv.slice(split + 1);
  if (word === "help" || isHelp(word)) return showHelp(mainCommand(), undefined, []);
  if (word === "--version" || word === "-V") return print(STDOUT, `volt ${VERSION}\n`);

  // Only its own: an object also has a "constructor", which is no command of ours.
  const group = Object.hasOwn(COMMANDS, word) ? await COMMANDS[word]?.() : undefined;
  if (!group) throw new ConfigError("", word, `no such command; there are ${Object.keys(COMMANDS).join(", ")}`);
  const { command, flags } = subCommandOf(group, word, words);
  if (flags.some(isHelp)) return showHelp(command, command === group ? mainCommand() : group, EXAMPLES[word] ?? []);
  const { argv: rawArgs, lists } = strictArguments(flags, command.args as ArgsDef);
  await runCommand(command, { rawArgs, data: { rest, lists, firstLineNs } satisfies Invocation });
}

const isHelp = (word: string): boolean => word === "--help" || word === "-h";

/** A command that only holds others has the next word say which. */
function subCommandOf(group: CommandDef, name: string, words: readonly string[]) {
  const members = group.subCommands as Readonly<Record<string, CommandDef>> | undefined;
  const [word = "--help", ...flags] = words;
  if (!members || isHelp(word)) return { command: group, flags: members ? [word] : words };
  const command = Object.hasOwn(members, word) ? members[word] : undefined;
  if (command) return { command, flags };
  throw new ConfigError("", `${name} ${word}`, `no such command; there are ${Object.keys(members).join(", ")}`);
}

function mainCommand(): CommandDef {
  const description = "a KVM microVM monitor: boots Linux in milliseconds. The shortest way to a guest: volt run";
  return defineCommand({ meta: { name: "volt", version: VERSION, description }, subCommands: { ...COMMANDS } });
}

async function showHelp(
  command: CommandDef,
  parent: CommandDef | undefined,
  examples: readonly string[],
): Promise<void> {
  const usage = await renderUsage(command, parent);
  const shown = examples.length > 0 ? `\nEXAMPLES\n\n${examples.map((example) => `  ${example}\n`).join("")}` : "";
  const text = `${usage}\n${shown}`;
  print(STDOUT, isTerminal(STDOUT) ? text : Bun.stripANSI(text));
}

/** citty's types tie a command to its own flags; a table of commands needs them alike. */
function plain<T extends ArgsDef>(command: CommandDef<T>): CommandDef {
  return command as unknown as CommandDef;
}
