/**
 * The real `dist/volt` on the host that can run Linux guests (this machine, or the nested one), and what a test does with
 * it while it runs.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stockKernel } from "../../../scripts/guest-kernel.ts";
import type { CommandOptions, Host, RunningCommand } from "../../testbed/command.ts";
import { guestHost } from "../../testbed/host.ts";
import { sharedHost } from "../../testbed/shared.ts";
import { takeTurn } from "./turns.ts";

/** A test's own limit: a boot takes 3 s where nothing else runs, and ten times that where much does. */
export const LIMIT = 900_000;
/** volt's, in a test that may first wait for its turn. */
const VOLT_LIMIT_MS = 150_000;
/** What npm test built, or a copy of it: the nested machine wants a file that does not change under it. */
export const VOLT = process.env["VOLT_BINARY"] ?? join(import.meta.dirname, "../../../dist/volt");

export interface VoltOptions extends Pick<CommandOptions, "stdin" | "tty" | "env"> {
  /** A program and arguments that get volt's command line as their last arguments, in place of volt alone. */
  readonly under?: readonly string[];
  /** In place of volt and all its arguments: a program that starts it some other way. */
  readonly command?: readonly string[];
  /** Another volt than the one that was built. */
  readonly program?: string;
  /** volt's own limit, where it needs more than the usual. */
  readonly limitMs?: number;
}

export interface VoltEnd {
  /** 128+N when signal N ended it. */
  readonly status: number;
  /** The guest's console. */
  readonly stdout: string;
  /** The same, byte for byte. */
  readonly bytes: Buffer;
  /** What volt said on stderr. */
  readonly log: string;
}

/** The guest crashed. */
const CRASHED = 124;

/**
 * `volt run` with these arguments, from start to end. Where the nested machine dies under it, or its guest crashes there, it
 * gets a second try: the processors of such a machine do that now and then (turns.ts), and a guest that means to crash
 * does it again. (bun's own retries leave out what a `beforeAll` does.)
 */
export async function volt(args: readonly string[], options: VoltOptions = {}): Promise<VoltEnd> {
  if (guestHost() === "native") return await once(args, options);
  const host = await sharedHost();
  try {
    const end = await once(args, options);
    if (end.status !== CRASHED) return end;
  } catch (error) {
    if (host.alive) throw error;
  }
  return await once(args, options);
}

/**
 * For what a `beforeAll` asks a guest: bun tries tests again, and no `beforeAll`. In the nested machine a guest may crash twice,
 * or stop for ever.
 */
export async function askAgain<Answers>(ask: () => Promise<Answers>): Promise<Answers> {
  try {
    return await ask();
  } catch (error) {
    if (guestHost() === "native") throw error;
    console.error(`asked again: ${(error as Error).message.split("\n", 1)[0]}`);
    return await ask();
  }
}

async function once(args: readonly string[], options: VoltOptions): Promise<VoltEnd> {
  await using running = await startVolt(args, options);
  return await running.end();
}

/** One command in the guest's shell: `volt run FLAGS -- sh -c SCRIPT`. */
export function guest(script: string, flags: readonly string[] = [], options: VoltOptions = {}): Promise<VoltEnd> {
  return volt([...flags, "--", "sh", "-c", script], options);
}

/** Waits for its turn, then starts `volt run` with these arguments. */
export async function startVolt(args: readonly string[], options: VoltOptions = {}): Promise<RunningVolt> {
  const { store } = await stockKernel();
  const host = await sharedHost();
  const endTurn = await takeTurn();
  return new RunningVolt(host, store, args, options, endTurn);
}

let started = 0;

export class RunningVolt implements AsyncDisposable {
  readonly #host: Host;
  readonly #pidFile: string;
  readonly #running: RunningCommand;
  readonly #ended: Promise<VoltEnd>;
  readonly #watchers = new Set<() => void>();
  readonly #stdout: Buffer[] = [];
  readonly #typed = openQueue();
  #log = "";
  #over = false;

  constructor(host: Host, store: string, args: readonly string[], options: VoltOptions, endTurn: () => void) {
    this.#host = host;
    this.#pidFile = join(host.share, `volt-${process.pid}-${++started}.pid`);
    const { under = [], stdin, env, tty, program = VOLT, limitMs = VOLT_LIMIT_MS } = options;
    const line = options.command ?? [...under, program, "run", ...args];
    // The shell becomes the program: the process id that it writes down stays right.
    const command = ["sh", "-c", 'echo $$ >"$0"; exec "$@"', this.#pidFile, ...line];
    this.#running = host.start(command, {
      env: { VOLT_HOME: store, ...kernelOfTests(), ...env },
      stdin: stdin ?? (tty ? this.#typed.chunks : ""),
      timeoutMs: limitMs,
      onStdout: (bytes) => this.#took(() => this.#stdout.push(bytes)),
      onStderr: (bytes) => this.#took(() => (this.#log += bytes.toString())),
      ...(tty ? { tty } : {}),
    });
    this.#ended = this.#finish(endTurn, limitMs);
    this.#ended.catch(() => undefined); // whoever waits for the end is told
  }

  /** The guest's console so far. */
  get stdout(): string {
    return Buffer.concat(this.#stdout).toString();
  }

  /** What volt said on stderr so far. On a terminal it is in `stdout`. */
  get log(): string {
    return this.#log;
  }

  /** Waits until the guest has printed this `times` times. Throws when volt ended before that. */
  async printed(text: string, times = 1): Promise<void> {
    await this.#until(`the guest printed ${JSON.stringify(text)}`, () => this.stdout.split(text).length > times);
  }

  /** Waits until volt has said this on stderr. Throws when it ended before that. */
  async logged(text: string): Promise<void> {
    await this.#until(`volt said ${JSON.stringify(text)}`, () => this.#log.includes(text));
  }

  /** Keys pressed on volt's terminal. */
  type(keys: string): void {
    this.#typed.push(Buffer.from(keys));
  }

  /** To volt, or to what it runs under. */
  signal(name: NodeJS.Signals): void {
    this.#running.signal(name);
  }

  /** On the host where it runs. That of what it runs under, if there is such a thing and it stays. */
  pid(): number {
    return Number(readFileSync(this.#pidFile, "utf8"));
  }

  /** Another command on the same host: its stdout. Throws when it fails. */
  async onHost(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.#host.run(["sh", "-c", script]);
    if (status !== 0) throw new Error(`${script}: status ${status}: ${stderr}`);
    return stdout.toString();
  }

  end(): Promise<VoltEnd> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#running.kill();
    await this.#ended.catch(() => undefined);
    rmSync(this.#pidFile, { force: true });
  }

  async #finish(endTurn: () => void, limitMs: number): Promise<VoltEnd> {
    try {
      const { status, timedOut } = await this.#running.finished;
      if (timedOut) throw new Error(`volt did not end in ${limitMs / 1000} s${this.#heard()}`);
      return { status, stdout: this.stdout, bytes: Buffer.concat(this.#stdout), log: this.#log };
    } finally {
      endTurn();
      this.#typed.end();
      this.#took(() => (this.#over = true));
    }
  }

  #took(change: () => void): void {
    change();
    for (const look of this.#watchers) look();
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (holds()) resolve();
      else if (this.#over) reject(new Error(`volt ended before ${what}${this.#heard()}`));
    };
    this.#watchers.add(look);
    look();
    await promise.finally(() => this.#watchers.delete(look));
  }

  #heard(): string {
    return `; console: ${JSON.stringify(this.stdout.slice(-2000))}; log: ${JSON.stringify(this.#log.slice(-2000))}`;
  }
}

/** `VOLT_TEST_KERNEL=NAME`: another kernel of the store than the stock one, for tests that name none. */
function kernelOfTests(): Record<string, string> {
  const name = process.env["VOLT_TEST_KERNEL"];
  return name === undefined ? {} : { VOLT_KERNEL: name };
}

/** What is pushed comes out as chunks, until `end`. */
function openQueue() {
  const waiting: Uint8Array[] = [];
  let ended = false;
  let wake = Promise.withResolvers<void>();
  const change = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  async function* chunks(): AsyncGenerator<Uint8Array> {
    while (!ended) {
      for (let chunk = waiting.shift(); chunk; chunk = waiting.shift()) yield chunk;
      if (!ended) await wake.promise;
    }
  }
  return {
    chunks: chunks(),
    push(bytes: Uint8Array): void {
      waiting.push(bytes);
      change();
    },
    end(): void {
      ended = true;
      change();
    },
  };
}
