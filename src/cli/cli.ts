/** The `volt` command: picks the subcommand, checks its flags strictly, and hands over to citty. */
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand } from "citty";
import { isTerminal } from "../../ffi/terminal.ts";
import { ConfigError } from "../config/error.ts";
import { VERSION } from "../version.ts";
import { strictArguments } from "./arguments.ts";
import { type SettledArguments, withEnvironment } from "./environment.ts";
import { print } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { plain } from "./plain.ts";
import { RUN_EXAMPLES } from "./run-flags.ts";

const STDOUT = 1;

/** Each is loaded when it is asked for: a start of a VM pays for none of the others. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandDef>>> = {
  run: async () => plain((await import("./run.ts")).runVmCommand),
  sandbox: async () => plain((await import("./sandbox.ts")).sandboxCommand),
  explain: async () => plain((await import("./explain.ts")).explainCommand),
  doctor: async () => plain((await import("./doctor.ts")).doctorCommand),
  kernel: async () => plain((await import("./kernel/kernel.ts")).kernelCommand),
  health: async () => plain((await import("./health.ts")).healthCommand),
  cpu: async () => plain((await import("./cpu.ts")).cpuCommand),
  schema: async () => plain((await import("./schema.ts")).schemaCommand),
  ps: async () => plain((await import("./vm/ps.ts")).psCommand),
  stop: async () => plain((await import("./vm/end.ts")).stopCommand),
  kill: async () => plain((await import("./vm/end.ts")).killCommand),
  pause: async () => plain((await import("./vm/pause.ts")).pauseCommand),
  resume: async () => plain((await import("./vm/pause.ts")).resumeCommand),
  console: async () => plain((await import("./vm/console.ts")).consoleCommand),
  logs: async () => plain((await import("./vm/logs.ts")).logsCommand),
  info: async () => plain((await import("./vm/info.ts")).infoCommand),
  set: async () => plain((await import("./vm/set.ts")).setCommand),
  events: async () => plain((await import("./vm/events.ts")).eventsCommand),
  metrics: async () => plain((await import("./vm/metrics.ts")).metricsCommand),
  completions: async () => plain((await import("./completions/completions.ts")).completionsCommand),
  version: async () => plain((await import("./version.ts")).versionCommand),
};

const EXAMPLES: Readonly<Record<string, readonly string[]>> = { run: RUN_EXAMPLES };

/** Other programs' names that this file answers to. */
const PERSONALITIES = ["firecracker", "jailer"];

/** @param argv without the program. A command that fails throws, or sets process.exitCode. */
export async function runCli(argv: readonly string[], firstLineNs: number): Promise<void> {
  const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  const personality = PERSONALITIES.find((other) => name === other || argv[0] === other);
  if (personality === "firecracker") {
    const { runFirecracker } = await import("../firecracker/run.ts");
    return await runFirecracker(name === personality ? argv : argv.slice(1), firstLineNs);
  }
  if (personality) throw new ConfigError("", personality, "volt does not stand in for it yet: use `volt run`");

  const split = argv.indexOf("--");
  const [word = "--help", ...flags] = split < 0 ? argv : argv.slice(0, split);
  const rest = split < 0 ? [] : argv.slice(split + 1);
  if (word === "help" || word === "--help" || word === "-h") return showHelp(mainCommand(), []);
  if (word === "--version" || word === "-V") return print(STDOUT, `volt ${VERSION}\n`);

  const { command, parent, words } = await findCommand(mainCommand(), [word, ...flags]);
  if (words.includes("--help") || words.includes("-h")) return showHelp(command, EXAMPLES[word] ?? [], parent);
  const definition = (command.args ?? {}) as ArgsDef;
  const settled = withEnvironment(strictArguments(words, definition, word === "run"), definition);
  await runAsSaid(command, settled, { rest, lists: settled.lists, main: mainCommand(), firstLineNs });
}

/** Errors name what the user wrote: the flag, or its variable. */
async function runAsSaid(command: CommandDef, { argv, nameOf }: SettledArguments, data: Invocation): Promise<void> {
  try {
    await runCommand(command, { rawArgs: argv, data });
  } catch (error) {
    throw error instanceof ConfigError ? error.renamed(nameOf) : error;
  }
}

interface Found {
  readonly command: CommandDef;
  readonly parent: CommandDef;
  /** What is left for the command. */
  readonly words: readonly string[];
}

/**
 * Follows the words to a command: `kernel trust add`.
 * @throws ConfigError when there is none
 */
async function findCommand(parent: CommandDef, words: readonly string[], above = ""): Promise<Found> {
  const [word = "--help", ...rest] = words;
  const commands = parent.subCommands as typeof COMMANDS;
  // Only its own: an object also has a "constructor", which is no command of ours.
  const entry = Object.hasOwn(commands, word) ? commands[word] : undefined;
  const command = typeof entry === "function" ? await entry() : entry;
  if (!command)
    throw new ConfigError("", `${above}${word}`, `no such command; there are ${Object.keys(commands).join(", ")}`);
  const [next = "--help"] = rest;
  if (!command.subCommands || next === "--help" || next === "-h") {
    return { command, parent, words: command.subCommands ? ["--help"] : rest };
  }
  return await findCommand(command, rest, `${above}${word} `);
}

export function mainCommand(): CommandDef {
  const description = "a KVM microVM monitor: boots Linux in milliseconds. The shortest way to a guest: volt run";
  return defineCommand({ meta: { name: "volt", version: VERSION, description }, subCommands: { ...COMMANDS } });
}

async function showHelp(command: CommandDef, examples: readonly string[], parent?: CommandDef): Promise<void> {
  const usage = await renderUsage(command, parent);
  const shown = examples.length > 0 ? `\nEXAMPLES\n\n${examples.map((example) => `  ${example}\n`).join("")}` : "";
  const text = `${usage}\n${shown}`;
  print(STDOUT, isTerminal(STDOUT) ? text : Bun.stripANSI(text));
}
