import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CommandOptions,
  type CommandResult,
  DEFAULT_TIMEOUT_MS,
  type Host,
  inputChunks,
  type RunningCommand,
} from "./command.ts";
import { type NativeProcess, spawnNative } from "./native-process.ts";
import { openOutput } from "./output.ts";
import { signalName } from "./signals.ts";

/** What a killed command's outputs get to end. After that something outside its process group holds them. */
const LAST_OUTPUT_MS = 500;

/** This machine itself, where its KVM runs guest kernels in hardware. */
export class NativeHost implements Host {
  readonly share = mkdtempSync(join(tmpdir(), "volt-native-"));
  readonly #running = new Set<RunningCommand>();
  #stopped = false;

  constructor() {
    process.on("exit", this.#leaveNothing);
  }

  get alive(): boolean {
    return !this.#stopped;
  }

  start(command: readonly string[], options: CommandOptions = {}): RunningCommand {
    if (this.#stopped) throw new Error("the host was stopped; open another");
    const running = startNativeCommand(command, options);
    this.#running.add(running);
    const forget = () => this.#running.delete(running);
    running.finished.then(forget, forget);
    return running;
  }

  async run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return await this.start(command, options).finished;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const commands = [...this.#running];
    this.#leaveNothing();
    await Promise.allSettled(commands.map((command) => command.finished));
    process.off("exit", this.#leaveNothing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #leaveNothing = (): void => {
    for (const command of this.#running) command.kill();
    rmSync(this.share, { recursive: true, force: true });
  };
}

function startNativeCommand(command: readonly string[], options: CommandOptions): RunningCommand {
  const stdout = openOutput(options.onStdout);
  const stderr = openOutput(options.onStderr);
  const killed = Promise.withResolvers<void>();
  const input = inputChunks(options.stdin);
  let timedOut = false;
  let over = false;
  let child: NativeProcess;
  try {
    child = spawnNative(command, options, stdout, stderr);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const finished = Promise.reject(new Error(`cannot run ${command[0]}: ${reason}`));
    return { finished, signal: () => undefined, kill: () => undefined, resize: () => undefined };
  }

  const kill = (): void => {
    killed.resolve();
    if (!over) killGroup(child.pid);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);

  async function finish(): Promise<CommandResult> {
    void feed(input, child);
    const signal = await child.exited;
    await Promise.race([child.closed, killed.promise.then(() => Bun.sleep(LAST_OUTPUT_MS))]);
    over = true;
    clearTimeout(timer);
    void input.return(undefined).catch(() => undefined);
    const status = signal === 0 ? child.status() : 128 + signal;
    const result = { status, stdout: await stdout.finish(), stderr: await stderr.finish(), timedOut };
    return signal === 0 ? result : { ...result, signal: signalName(signal) };
  }

  return { finished: finish(), signal: child.signal, kill, resize: child.resize };
}

async function feed(chunks: AsyncIterable<Uint8Array>, child: NativeProcess): Promise<void> {
  try {
    for await (const bytes of chunks) await child.write(bytes);
  } catch {
    // It closed its stdin before the end: its own affair.
  }
  child.endInput();
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // It ended on its own just before.
  }
}
