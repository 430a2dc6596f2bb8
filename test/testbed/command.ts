/** What a place that runs commands can do: the same for this machine itself and for the nested one. */

export type CommandOptions = {
  /** After this long the command and its process group are killed; the result then has `timedOut`. Default: 60 s. */
  readonly timeoutMs?: number;
  /** Added to this process's own environment; `undefined` takes a name out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: this process's own. */
  readonly cwd?: string;
  /** All of stdin, or a stream of it that is only read as fast as the command takes it. Default: empty. */
  readonly stdin?: Uint8Array | string | AsyncIterable<Uint8Array>;
  /** Takes stdout as it comes; the result's is then empty. A returned promise holds the command up. */
  readonly onStdout?: OutputSink;
  readonly onStderr?: OutputSink;
  /** Runs it on a terminal of this size. stderr then comes with stdout, as it does on a terminal. */
  readonly tty?: TerminalSize;
};

export type OutputSink = (bytes: Buffer) => void | Promise<void>;
export type TerminalSize = { readonly rows: number; readonly columns: number };

export type CommandResult = {
  /** 0 to 255; 128+N when signal N ended it, as a shell has it. */
  readonly status: number;
  /** The signal that ended it, as in "SIGKILL". */
  readonly signal?: NodeJS.Signals;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** It ran over its time limit and was killed. */
  readonly timedOut: boolean;
};

export type RunningCommand = {
  /** Rejects when the command could not be started, a sink threw, or the machine died under it. */
  readonly finished: Promise<CommandResult>;
  /** Sends a signal to the command itself, not to its children. Nothing happens once it has ended. */
  signal(name: NodeJS.Signals): void;
  /** SIGKILL for its whole process group. */
  kill(): void;
  /** Tells its terminal its new size. Only with `tty`. */
  resize(size: TerminalSize): void;
};

export type Host = {
  /** A folder at the same path here and there, written by either and seen by both at once; removed by `stop`. */
  readonly share: string;
  start(command: readonly string[], options?: CommandOptions): RunningCommand;
  /** `start`, and waits for the end. */
  run(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Whether it still takes commands: a nested machine can die. */
  readonly alive: boolean;
  /** Kills what still runs, and leaves nothing behind. May be called more than once. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export const DEFAULT_TIMEOUT_MS = 60_000;

/** The environment a command gets: this process's own, with the changes asked for. */
export function commandEnvironment(changes: CommandOptions["env"]): Record<string, string> {
  const entries = Object.entries({ ...process.env, ...changes });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** stdin as chunks of at most 64 KiB. */
export async function* inputChunks(stdin: CommandOptions["stdin"]): AsyncGenerator<Uint8Array> {
  const source = typeof stdin === "string" ? Buffer.from(stdin) : stdin;
  if (source instanceof Uint8Array) yield* slices(source);
  else if (source) for await (const bytes of source) yield* slices(bytes);
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}
