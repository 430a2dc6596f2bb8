import type { CommandOptions, CommandResult, Host, TerminalSize } from "./command.ts";

/** The terminal we run on, in raw mode: every key, Ctrl-C too, is the command's. */
export type Terminal = Disposable & {
  size(): TerminalSize;
  onResize(listener: (size: TerminalSize) => void): void;
};

/** Disposing restores it; so does the end of the process. */
export function takeTerminal(): Terminal {
  const { stdin, stdout } = process;
  const listeners: (() => void)[] = [];
  const restore = (): void => void stdin.setRawMode(false);
  const size = (): TerminalSize => ({ rows: stdout.rows ?? 24, columns: stdout.columns ?? 80 });
  stdin.setRawMode(true);
  process.on("exit", restore);
  return {
    size,
    onResize(listener) {
      const changed = () => listener(size());
      listeners.push(changed);
      stdout.on("resize", changed);
    },
    [Symbol.dispose]() {
      for (const changed of listeners) stdout.off("resize", changed);
      process.off("exit", restore);
      restore();
    },
  };
}

/** Runs a command on the terminal we run on, in its size, until it ends. */
export async function runOnTerminal(
  host: Host,
  command: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  using terminal = takeTerminal();
  const running = host.start(command, { ...options, tty: terminal.size() });
  terminal.onResize((size) => running.resize(size));
  return await running.finished;
}
