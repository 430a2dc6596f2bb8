import { type CommandOptions, commandEnvironment, type TerminalSize } from "./command.ts";
import type { Output } from "./output.ts";
import { signalNumber } from "./signals.ts";

/** A process in a session of its own, on pipes or on a terminal. */
export type NativeProcess = {
  readonly pid: number;
  /** The number of the signal that ended it, or 0. */
  readonly exited: Promise<number>;
  status(): number;
  /** Its outputs are at their end. */
  readonly closed: Promise<unknown>;
  /** Waits until it has been taken. Throws when it reads no more. */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): void;
  signal(name: NodeJS.Signals): void;
  resize(size: TerminalSize): void;
};

/** Throws when the program or the folder is not there. */
export function spawnNative(
  command: readonly string[],
  options: CommandOptions,
  stdout: Output,
  stderr: Output,
): NativeProcess {
  const where = { env: commandEnvironment(options.env), cwd: options.cwd ?? process.cwd() };
  return options.tty
    ? spawnOnTerminal([...command], where, options.tty, stdout)
    : spawnOnPipes([...command], where, stdout, stderr);
}

type Where = { readonly env: Record<string, string>; readonly cwd: string };

function spawnOnPipes(command: string[], where: Where, stdout: Output, stderr: Output): NativeProcess {
  const child = Bun.spawn(command, { ...where, detached: true, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  const follow = async (stream: ReadableStream<Uint8Array>, output: Output): Promise<void> => {
    for await (const bytes of stream) await output.write(Buffer.from(bytes));
  };
  return {
    ...common(child),
    closed: Promise.all([follow(child.stdout, stdout), follow(child.stderr, stderr)]),
    async write(bytes) {
      await child.stdin.write(bytes);
      await child.stdin.flush();
    },
    endInput: () => void child.stdin.end(),
    resize: () => undefined,
  };
}

function spawnOnTerminal(command: string[], where: Where, size: TerminalSize, output: Output): NativeProcess {
  const closed = Promise.withResolvers<void>();
  const child = Bun.spawn(command, {
    ...where,
    detached: true,
    terminal: {
      rows: size.rows,
      cols: size.columns,
      data: (_, bytes) => void output.write(Buffer.from(bytes)),
      exit: () => closed.resolve(),
    },
  });
  const { terminal } = child;
  if (!terminal) throw new Error("no terminal could be opened; is /dev/ptmx there?");
  return {
    ...common(child),
    closed: closed.promise,
    write: async (bytes) => void terminal.write(bytes),
    endInput: () => void terminal.write("\x04"), // closing it would hang up on the command
    resize: ({ rows, columns }) => terminal.resize(columns, rows),
  };
}

function common(child: Bun.Subprocess): Pick<NativeProcess, "pid" | "exited" | "status" | "signal"> {
  return {
    pid: child.pid,
    exited: child.exited.then(() => signalOf(child)),
    status: () => child.exitCode ?? 0,
    signal: (name) => child.kill(name),
  };
}

function signalOf({ signalCode }: Bun.Subprocess): number {
  return typeof signalCode === "string" ? signalNumber(signalCode) : (signalCode ?? 0);
}
