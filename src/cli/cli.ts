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
  sandbox: async () => plain((await import("./sandbox.ts")).sandboxCommand),
  doctor: async () => plain((await import("./doctor.ts")).doctorCommand),
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
  const [word = "--help", ...flags] = split < 0 ? argv : argv.slice(0, split);
  const rest = split < 0 ? [] : argv.slice(split + 1);
  if (word === "help" || word === "--help" || word === "-h") return showHelp(mainCommand(), []);
  if (word === "--version" || word === "-V") return print(STDOUT, `volt ${VERSION}\n`);

  // Only its own: an object also has a "constructor", which is no command of ours.
  const command = Object.hasOwn(COMMANDS, word) ? await COMMANDS[word]?.() : undefined;
  if (!command) throw new ConfigError("", word, `no such command; there are ${Object.keys(COMMANDS).join(", ")}`);
  if (flags.includes("--help") || flags.includes("-h")) return showHelp(command, EXAMPLES[word] ?? []);
  const { argv: rawArgs, lists } = strictArguments(flags, command.args as ArgsDef);
  await runCommand(command, { rawArgs, data: { rest, lists, firstLineNs } satisfies Invocation });
}

function mainCommand(): CommandDef {
  const description = "a KVM microVM monitor: boots Linux in milliseconds. The shortest way to a guest: volt run";
  return defineCommand({ meta: { name: "volt", version: VERSION, description }, subCommands: { ...COMMANDS } });
}

async function showHelp(command: CommandDef, examples: readonly string[]): Promise<void> {
  const isMain = command.subCommands !== undefined;
  const usage = await renderUsage(command, isMain ? undefined : mainCommand());
  const shown = examples.length > 0 ? `\nEXAMPLES\n\n${examples.map((example) => `  ${example}\n`).join("")}` : "";
  const text = `${usage}\n${shown}`;
  print(STDOUT, isTerminal(STDOUT) ? text : Bun.stripANSI(text));
}

/** citty's types tie a command to its own flags; a table of commands needs them alike. */
function plain<T extends ArgsDef>(command: CommandDef<T>): CommandDef {
  return command as unknown as CommandDef;
}
