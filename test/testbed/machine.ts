import { createServer, type Server, type Socket } from "node:net";
import type { CommandOptions, CommandResult, Host, RunningCommand } from "./command.ts";
import { type ConsoleTail, followConsole } from "./console.ts";
import { type Keeper, launchKeeper, type MachineSize, makeMachineFolder } from "./launch.ts";
import { encodeMessage, Kind, type Message, messageReader } from "./messages.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { type RemoteCommand, startRemoteCommand } from "./remote.ts";

export type MachineOptions = Partial<MachineSize> & {
  /** Default: 60 s. It takes about 3. */
  readonly bootTimeoutMs?: number;
};

/**
 * A machine with a real KVM (AMD SVM with nested paging), emulated by QEMU: Linux guests run in it where this machine's
 * own processor can't run them. It sees this machine's files at the same paths, under an overlay whose writes are lost
 * with it; only `share` is written for both. It takes the files as they are when it first reads them: what changes while
 * it runs belongs into `share`.
 */
export class NestedMachine implements Host {
  readonly share: string;
  readonly #keeper: Keeper;
  readonly #console: ConsoleTail;
  readonly #server: Server;
  readonly #commands = new Map<number, RemoteCommand>();
  readonly #ready = Promise.withResolvers<void>();
  #port: Socket | undefined;
  #lastId = 0;
  /** Why it takes no more commands. */
  #gone: Error | undefined;

  /** Boots one. Throws what is missing on this machine, or what the new one's console said last. */
  static async start(options: MachineOptions = {}): Promise<NestedMachine> {
    const prepared = await prepare();
    // QEMU's emulation itself falls over now and then, in the firmware already.
    for (let tries = 1; tries < 3; tries++) {
      try {
        return await NestedMachine.#start(prepared, options);
      } catch (error) {
        console.error(`${error instanceof Error ? error.message : error}\nonce more`);
      }
    }
    return await NestedMachine.#start(prepared, options);
  }

  static async #start(prepared: Prepared, options: MachineOptions): Promise<NestedMachine> {
    const folder = makeMachineFolder();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(folder.portSocket, resolve));
    const size = { cpus: options.cpus ?? 2, memoryMiB: options.memoryMiB ?? 6144 };
    const machine = new NestedMachine(folder.share, server, launchKeeper(prepared, folder, size));
    await machine.#boot(options.bootTimeoutMs ?? 60_000);
    return machine;
  }

  private constructor(share: string, server: Server, keeper: Keeper) {
    this.share = share;
    this.#server = server;
    this.#keeper = keeper;
    this.#console = followConsole(keeper.stdout, keeper.stderr);
    this.#server.once("connection", (socket) => this.#connect(socket));
    void keeper.exited.then(async () => {
      await this.#console.ended;
      this.#fail(new Error(`the nested machine died; its console's last lines: ${this.#console.tail()}`));
    });
  }

  get alive(): boolean {
    return this.#gone === undefined;
  }

  start(command: readonly string[], options: CommandOptions = {}): RunningCommand {
    if (this.#gone) throw this.#gone;
    const id = ++this.#lastId;
    const send = (kind: number, payload: Uint8Array) => void this.#port?.write(encodeMessage(kind, id, payload));
    const onStuck = (reason: Error) => {
      this.#fail(new Error(`the nested machine is stuck: ${reason.message}; console: ${this.#console.tail()}`));
      this.#keeper.stdin.end();
    };
    const running = startRemoteCommand(command, options, send, onStuck);
    this.#commands.set(id, running);
    const forget = () => this.#commands.delete(id);
    running.finished.then(forget, forget);
    return running;
  }

  async run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return await this.start(command, options).finished;
  }

  async stop(): Promise<void> {
    this.#fail(new Error("the nested machine was stopped"));
    this.#keeper.stdin.end();
    await this.#keeper.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #boot(timeoutMs: number): Promise<void> {
    const late = () =>
      this.#fail(new Error(`the nested machine did not boot in ${timeoutMs} ms: ${this.#console.tail()}`));
    const timer = setTimeout(late, timeoutMs);
    try {
      await this.#ready.promise;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #connect(socket: Socket): void {
    const read = messageReader();
    this.#port = socket;
    this.#server.close();
    socket.on("error", () => undefined); // the keeper's end says it all
    socket.on("data", (chunk: Buffer) => {
      for (const message of read(chunk)) this.#receive(message);
    });
  }

  #receive(message: Message): void {
    if (message.kind === Kind.ready) this.#ready.resolve();
    else this.#commands.get(message.id)?.receive(message);
  }

  #fail(reason: Error): void {
    if (this.#gone) return;
    this.#gone = reason;
    this.#ready.reject(reason);
    this.#server.close();
    this.#port?.destroy();
    for (const command of this.#commands.values()) command.abandon(reason);
  }
}
