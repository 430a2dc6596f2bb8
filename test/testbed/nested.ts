/**
 * Runs one command in a nested machine: `bun run nested -- COMMAND`.
 * stdin, stdout, stderr and the exit status are the command's; on a terminal it gets a terminal.
 */
import { parseArgs } from "node:util";
import { NestedMachine } from "./machine.ts";
import { signalNumber } from "./signals.ts";
import { runOnTerminal } from "./terminal.ts";

const USAGE = `Usage: bun run nested -- [-t SECONDS] [-c CPUS] [-m MIB] [--] COMMAND [ARGUMENT...]

Runs COMMAND in an emulated machine that has a real KVM. It sees this machine's files at the same paths; what it
writes is lost with the machine.

  -t SECONDS  kill it after this long (default: never); the status is then 124
  -c CPUS     default 2
  -m MIB      default 6144`;

const FLAGS = {
  t: { type: "string", short: "t" },
  c: { type: "string", short: "c" },
  m: { type: "string", short: "m" },
  help: { type: "boolean", short: "h" },
} as const;

/** setTimeout's longest, 24 days: no limit. */
const NO_LIMIT_MS = 2 ** 31 - 1;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`nested: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 125;
}
// stdin may still be read: nobody waits for that.
process.exit();

async function main(args: readonly string[]): Promise<number> {
  const { flags, command } = splitArguments(args);
  if (flags.help || command.length === 0) {
    console.error(USAGE);
    return flags.help ? 0 : 125;
  }
  const timeoutMs = flags.t === undefined ? NO_LIMIT_MS : 1000 * parseCount("-t", flags.t);
  const size = {
    ...(flags.c === undefined ? {} : { cpus: parseCount("-c", flags.c) }),
    ...(flags.m === undefined ? {} : { memoryMiB: parseCount("-m", flags.m) }),
  };
  // Until the command runs, and whenever it is not on our terminal, a signal means the machine.
  const interrupted = Promise.withResolvers<number>();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(name, () => interrupted.resolve(128 + signalNumber(name)));
  }
  // Nobody reads the output any more: what SIGPIPE would have done.
  process.stdout.once("error", () => interrupted.resolve(128 + signalNumber("SIGPIPE")));
  const booting = NestedMachine.start(size);
  const machine = await Promise.race([booting, interrupted.promise]);
  // The machine's processes end with this one: see keeper.sh.
  if (typeof machine === "number") return machine;
  try {
    return await Promise.race([interrupted.promise, runThrough(machine, command, timeoutMs)]);
  } finally {
    await machine.stop();
  }
}

/** Our flags end at `--` or at the first argument that is none: the rest is the command's own. */
function splitArguments(args: readonly string[]) {
  const { tokens } = parseArgs({ args: [...args], options: FLAGS, strict: false, tokens: true });
  const end = tokens.find((token) => token.kind !== "option");
  const own = args.slice(0, end?.index ?? args.length);
  const command = end ? args.slice(end.kind === "option-terminator" ? end.index + 1 : end.index) : [];
  return { flags: parseArgs({ args: own, options: FLAGS }).values, command };
}

function parseCount(flag: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${flag} ${text}: give a whole number from 1 to 9999999`);
  return Number(text);
}

async function runThrough(machine: NestedMachine, command: readonly string[], timeoutMs: number): Promise<number> {
  const options = {
    timeoutMs,
    stdin: process.stdin,
    onStdout: writeTo(process.stdout),
    onStderr: writeTo(process.stderr),
  };
  const result =
    process.stdin.isTTY && process.stdout.isTTY
      ? await runOnTerminal(machine, command, options)
      : await machine.run(command, options);
  if (!result.timedOut) return result.status;
  console.error(`nested: no end after ${timeoutMs / 1000} s, killed`);
  return 124;
}

function writeTo(stream: NodeJS.WriteStream) {
  return (bytes: Buffer) => new Promise<void>((resolve) => void stream.write(bytes, () => resolve()));
}
