/** `volt console` on a terminal, at an API that a test answers: no VM is needed for what a client does. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { NativeHost } from "../../testbed/native.ts";
import { RunningVolt } from "./process.ts";
import { cleanEnvironment, Folder, failure, VOLT } from "./volt.ts";

const LIMIT_MS = 60_000;
const HEAD = "HTTP/1.1 200 \r\nConnection: close\r\n\r\n";

/** What answers in place of a VM. */
class FakeVm implements Disposable {
  /** Requests beside the one for the console: method, path, body. */
  readonly asked: string[] = [];
  typed = "";
  console: Socket | undefined;
  readonly #server: Server;

  constructor(socket: string, head = HEAD) {
    this.#server = createServer((client) => {
      client.on("error", () => {});
      client.once("data", (first) => {
        const request = first.toString();
        const [, line, body] = /^(\S+ \S+) .*?\r\n\r\n(.*)$/s.exec(request)!;
        if (line !== "GET /volt/console") {
          this.asked.push(`${line} ${body}`.trim());
          client.end("HTTP/1.1 204 \r\n\r\n");
          return;
        }
        this.console = client;
        client.write(`${head}hello `);
        client.on("data", (typed) => {
          this.typed += typed.toString();
        });
      });
    }).listen(socket);
  }

  [Symbol.dispose](): void {
    this.console?.destroy();
    this.#server.close();
  }
}

let folder: Folder;
let socket: string;

beforeEach(() => {
  folder = new Folder();
  socket = folder.file("api");
});
afterEach(() => folder[Symbol.dispose]());

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; !isSo(); await Bun.sleep(10)) {
    if (Date.now() > end) throw new Error("it never came");
  }
}

/** On a terminal: types each key when what is before it has come. @returns what the terminal showed, and the status */
async function onTerminal(keys: (seen: () => string) => AsyncGenerator<string>) {
  await using host = new NativeHost();
  let shown = "";
  async function* typed(): AsyncGenerator<Uint8Array> {
    for await (const key of keys(() => shown)) yield Buffer.from(key);
  }
  // What the terminal is like afterwards is shown by stty.
  const { status } = await host.run(
    ["sh", "-c", '"$@"; status=$?; stty -a; exit $status', "sh", VOLT, "console", "--api", socket],
    {
      env: cleanEnvironment(),
      tty: { rows: 24, columns: 80 },
      stdin: typed(),
      timeoutMs: LIMIT_MS,
      onStdout: (bytes) => {
        shown += bytes.toString();
      },
    },
  );
  return { status, shown };
}

test("every key is the guest's but Ctrl-], and d leaves with the terminal as it was", async () => {
  using vm = new FakeVm(socket);
  const { status, shown } = await onTerminal(async function* (seen) {
    await until(() => seen().includes("hello"));
    yield "ls\r\x03\x1d\x1d";
    await until(() => vm.typed === "ls\r\x03\x1d");
    yield "\x1d?";
    await until(() => seen().includes("leave the console"));
    yield "\x1dp";
    await until(() => vm.asked.includes("PUT /volt/power-button"));
    vm.console!.write("there");
    await until(() => seen().includes("there"));
    yield "\x1dd";
    await until(() => seen().includes("icanon"));
  });
  expect(status).toBe(0);
  expect(shown).toMatch(/^hello /);
  expect(shown).toMatch(/\nisig icanon iexten echo /);
  expect(vm.asked).toEqual(['PUT /volt/console {"rows":24,"columns":80}', "PUT /volt/power-button"]);
});

test("q ends the VM, and the end of the VM is the end of this", async () => {
  using vm = new FakeVm(socket);
  const { status, shown } = await onTerminal(async function* (seen) {
    await until(() => seen().includes("hello"));
    yield "\x1dq";
    await until(() => vm.asked.includes("PUT /volt/kill"));
    vm.console!.end();
    await until(() => seen().includes("icanon"));
  });
  expect(status).toBe(0);
  expect(shown).toContain(`volt: ${socket}: the VM has ended`);
});

test("piped, it is bytes both ways, and Ctrl-] is one of them", async () => {
  using vm = new FakeVm(socket);
  await using client = new RunningVolt(["console", "--api", socket]);
  await client.printed("hello ");
  client.send("a\x1dq");
  await until(() => vm.typed === "a\x1dq");
  client.closeStdin();
  vm.console!.write("still here");
  await client.printed("still here");
  vm.console!.end();
  expect(await client.end()).toMatchObject({ status: 0, stderr: "" });
});

test("a VM that has no room for another reader is not taken for its console", async () => {
  const body = '{"fault_message":"volt has 16 listeners already: let one go."}';
  using _ = new FakeVm(socket, `HTTP/1.1 503 \r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  expect(await failure(["console", "--api", socket])).toStartWith(`${socket}: `);
});
