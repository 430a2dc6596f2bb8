import {
  type CommandOptions,
  type CommandResult,
  commandEnvironment,
  DEFAULT_TIMEOUT_MS,
  inputChunks,
  type RunningCommand,
} from "./command.ts";
import { encodeStart, encodeWords, Kind, type Message, WINDOW } from "./messages.ts";
import { openOutput } from "./output.ts";
import { signalName, signalNumber } from "./signals.ts";

/** A killed command is gone in milliseconds. When it is not, the machine's kernel is stuck, and no use any more. */
const KILL_DEADLINE_MS = 30_000;

/** A command in the nested machine: its side of the flow control, its time limit and its end. */
export type RemoteCommand = RunningCommand & {
  receive(message: Message): void;
  /** The machine is gone. */
  abandon(reason: Error): void;
};

/**
 * @param send puts one message of this command on the port
 * @param onStuck is called when even SIGKILL does not end it
 */
export function startRemoteCommand(
  command: readonly string[],
  options: CommandOptions,
  send: (kind: number, payload: Uint8Array) => void,
  onStuck: (reason: Error) => void,
): RemoteCommand {
  const stdout = openOutput(options.onStdout);
  const stderr = openOutput(options.onStderr);
  const ended = Promise.withResolvers<{ status: number; signal: number }>();
  const input = inputChunks(options.stdin);
  const inputWindow = openWindow();
  const name = command.join(" ");
  let timedOut = false;
  let stuckTimer: ReturnType<typeof setTimeout> | undefined;

  const kill = (): void => {
    send(Kind.kill, Buffer.alloc(0));
    const stuck = () => onStuck(new Error(`${name}: SIGKILL did not end it in ${KILL_DEADLINE_MS / 1000} s`));
    stuckTimer ??= setTimeout(stuck, KILL_DEADLINE_MS);
  };

  send(Kind.start, encodeStart(startRequest(command, options)));
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const over = ended.promise.finally(() => {
    clearTimeout(timer);
    clearTimeout(stuckTimer);
    inputWindow.close();
    // Its source may still wait for input that nobody needs now.
    void input.return(undefined).catch(() => undefined);
  });
  feed(input, inputWindow, send).catch(ended.reject);

  return {
    finished: finish(over, () => timedOut, stdout.finish, stderr.finish),
    signal: (signal) => send(Kind.signal, encodeWords(signalNumber(signal))),
    kill,
    resize: (size) => send(Kind.resize, encodeWords(size.rows, size.columns)),
    abandon: ended.reject,
    receive({ kind, payload }) {
      const word = (index: number): number => payload.readUInt32LE(4 * index);
      if (kind === Kind.credit) inputWindow.open(word(1));
      else if (kind === Kind.exit) ended.resolve({ status: word(0), signal: word(1) });
      else if (kind === Kind.failed) ended.reject(new Error(payload.toString()));
      else {
        const output = kind === Kind.stdout ? stdout : stderr;
        void output.write(payload).then(() => send(Kind.credit, encodeWords(kind, payload.length)));
      }
    },
  };
}

function startRequest(command: readonly string[], options: CommandOptions): Parameters<typeof encodeStart>[0] {
  const { rows, columns } = options.tty ?? { rows: 0, columns: 0 };
  const env = commandEnvironment(options.env);
  return { command, env, cwd: options.cwd ?? process.cwd(), tty: options.tty !== undefined, rows, columns };
}

async function finish(
  over: Promise<{ status: number; signal: number }>,
  timedOut: () => boolean,
  stdout: () => Promise<Buffer>,
  stderr: () => Promise<Buffer>,
): Promise<CommandResult> {
  const { status, signal } = await over;
  const result = { status, stdout: await stdout(), stderr: await stderr(), timedOut: timedOut() };
  return signal === 0 ? result : { ...result, signal: signalName(signal) };
}

async function feed(
  chunks: AsyncIterable<Uint8Array>,
  window: Window,
  send: (kind: number, payload: Uint8Array) => void,
): Promise<void> {
  for await (const bytes of chunks) {
    if (!(await window.take(bytes.length))) return;
    send(Kind.input, bytes);
  }
  send(Kind.inputEnd, Buffer.alloc(0));
}

type Window = {
  /** Waits for room. False once the window is closed. */
  take(bytes: number): Promise<boolean>;
  open(bytes: number): void;
  close(): void;
};

function openWindow(): Window {
  let room = WINDOW;
  let closed = false;
  let wake = Promise.withResolvers<void>();
  const change = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  return {
    async take(bytes) {
      while (room < bytes && !closed) await wake.promise;
      room -= bytes;
      return !closed;
    },
    open(bytes) {
      room += bytes;
      change();
    },
    close() {
      closed = true;
      change();
    },
  };
}
