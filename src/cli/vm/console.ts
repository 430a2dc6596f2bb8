/** `volt console`: a terminal on the console of a VM that runs already. */
import { connect, type Socket } from "node:net";
import { defineCommand } from "citty";
import { Fd } from "../../../ffi/fd.ts";
import { isTerminal, makeRaw, restore, windowSize } from "../../../ffi/terminal.ts";
import { ConfigError } from "../../config/error.ts";
import { ESCAPE_HELP, type EscapeAction, EscapeFilter } from "../../machine/console/escape.ts";
import { print } from "../failure.ts";
import { ask, checkReachable } from "./client.ts";
import { findTarget, TARGET_FLAGS, type Target } from "./target.ts";

const [STDIN, STDOUT, STDERR] = [0, 1, 2];
const HELP = ["Ctrl-] d       leave the console; the VM goes on", ...ESCAPE_HELP];
const END_OF_HEAD = "\r\n\r\n";

export const consoleCommand = defineCommand({
  meta: {
    name: "console",
    description: "reads and types on a VM's console, beside others (Ctrl-] d leaves, Ctrl-] ? helps)",
  },
  args: TARGET_FLAGS,
  async run({ args }) {
    const target = findTarget(args, "console");
    const { socket, first } = await attach(target);
    using terminal = new UserTerminal();
    const { promise: left, resolve: leave } = Promise.withResolvers<string | undefined>();
    const filter = new EscapeFilter((action) => void act(target, action, () => leave(undefined)));
    process.stdin.on("data", (chunk) => {
      const typed = Buffer.from(chunk);
      const kept = terminal.isTerminal ? filter.filter(typed) : typed;
      if (kept.length > 0 && !socket.write(kept)) process.stdin.pause();
    });
    socket.on("drain", () => process.stdin.resume());
    socket.on("data", (bytes) => {
      if (!show(Buffer.from(bytes))) leave(undefined);
    });
    socket.on("close", () => leave("the VM has ended"));
    show(first);
    socket.resume();
    terminal.onResize(() => void tellSize(target));
    await tellSize(target);
    const why = await left;
    terminal[Symbol.dispose]();
    socket.destroy();
    process.stdin.destroy();
    if (why !== undefined && terminal.isTerminal) print(STDERR, `\r\nvolt: ${target.name}: ${why}\n`);
  },
});

/** @returns false when nobody reads stdout any more */
function show(bytes: Uint8Array): boolean {
  try {
    new Fd(STDOUT, "stdout").writeAll(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The user's terminal, raw while this lives. */
class UserTerminal implements Disposable {
  readonly isTerminal = isTerminal(STDIN);
  readonly #before = this.isTerminal ? makeRaw(STDIN) : undefined;
  #isOver = false;

  constructor() {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const) {
      process.once(signal, () => {
        this[Symbol.dispose]();
        process.kill(process.pid, signal);
      });
    }
  }

  onResize(listener: () => void): void {
    if (this.isTerminal) process.on("SIGWINCH", listener);
  }

  [Symbol.dispose](): void {
    if (this.#before && !this.#isOver) restore(STDIN, this.#before);
    this.#isOver = true;
  }
}

/** @returns the connection behind the response's head, paused, and what has come of the console already @throws ConfigError */
async function attach(target: Target): Promise<{ readonly socket: Socket; readonly first: Uint8Array }> {
  checkReachable(target);
  const socket = connect(target.api);
  socket.on("error", () => {});
  socket.write("GET /volt/console HTTP/1.1\r\n\r\n");
  let bytes = Buffer.alloc(0);
  for (;;) {
    const chunk = await next(socket);
    if (!chunk) throw new ConfigError("", target.name, "the VM ended before it answered");
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) continue;
    const head = bytes.subarray(0, end).toString();
    const rest = bytes.subarray(end + END_OF_HEAD.length);
    if (!head.startsWith("HTTP/1.1 200")) throw new ConfigError("", target.name, refusal(rest.toString()));
    socket.pause();
    return { socket, first: rest };
  }
}

function next(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const done = (chunk?: Buffer) => {
      socket.off("data", done);
      socket.off("close", gone);
      resolve(chunk);
    };
    const gone = () => done();
    socket.once("data", done);
    socket.once("close", gone);
  });
}

function refusal(body: string): string {
  try {
    return JSON.parse(body).fault_message ?? JSON.parse(body).error;
  } catch {
    return "it gives no console";
  }
}

async function act(target: Target, action: EscapeAction, leave: () => void): Promise<void> {
  if (action === "detach") return leave();
  if (action === "help") return print(STDERR, `\r\n${HELP.join("\r\n")}\r\n`);
  const path = action === "quit" ? "/volt/kill" : "/volt/power-button";
  // A VM that has just ended needs neither.
  await ask(target, "PUT", path).catch(() => {});
}

/** A guest on a virtio console hears of it. */
async function tellSize(target: Target): Promise<void> {
  const size = windowSize(STDIN);
  if (size) await ask(target, "PUT", "/volt/console", size).catch(() => {});
}
