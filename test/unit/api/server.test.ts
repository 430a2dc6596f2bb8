import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fd } from "../../../ffi/fd.ts";
import { isReady, POLL } from "../../../ffi/poll.ts";
import { closeSocket, connectTo, receiveBytes } from "../../../ffi/socket.ts";
import { listenForApi } from "../../../src/api/listen.ts";
import type { PlannedApi } from "../../../src/api/planned.ts";
import { ApiServer, MAX_CONNECTIONS, MAX_STREAMS } from "../../../src/api/server.ts";
import type { Stream, StreamOutput } from "../../../src/api/stream.ts";

let folder: string;
let planned: PlannedApi;
let server: ApiServer;
let sockets: Socket[];
/** What ends the requests that take their time. */
let slow: (() => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-api-"));
  slow = [];
  planned = listenForApi(join(folder, "api")).plan();
  server = new ApiServer(planned, ({ method, path, body }) => {
    if (path === "/throws") throw new Error("it fails");
    if (path === "/later") return undefined;
    if (path === "/slow") return (reply) => slow.push(() => reply({ status: 200, body: JSON.stringify(path) }));
    if (path === "/stream") return { status: 200, stream: listening };
    if (path === "/large") return { status: 200, body: JSON.stringify("x".repeat(2 ** 21)) };
    return body === undefined ? { status: 204 } : { status: 200, body: JSON.stringify(`${method} ${path} ${body}`) };
  });
  sockets = [];
  listeners.length = 0;
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  new Fd(planned.listener, "the listener").close();
  rmSync(folder, { recursive: true });
});

/** Who listens at /stream, and what they have sent. */
const listeners: { output: StreamOutput; sent: string; isGone: boolean; wantsInput: boolean }[] = [];
const listening: Stream = {
  contentType: "text/x",
  open(output) {
    const one = { output, sent: "", isGone: false, wantsInput: true };
    listeners.push(one);
    return {
      get wantsInput() {
        return one.wantsInput;
      },
      receive(bytes) {
        one.sent += Buffer.from(bytes).toString();
      },
      closed() {
        one.isGone = true;
      },
    };
  },
};

const NO_CONTENT = "HTTP/1.1 204 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n";
const GET = "GET / HTTP/1.1\r\n\r\n";

/** A client, and what it has heard. */
class Client {
  heard = "";
  isOver = false;
  readonly socket: Socket;

  constructor() {
    this.socket = createConnection(join(folder, "api"));
    sockets.push(this.socket);
    this.socket.on("data", (data) => {
      this.heard += data.toString();
    });
    this.socket.on("close", () => {
      this.isOver = true;
    });
    this.socket.on("error", () => {});
  }

  send(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }
}

/** Turns the server until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn++) {
    if (turn > 20_000) throw new Error("it never came");
    server.ready();
    await Bun.sleep(0);
  }
}

/** What a client hears before it can say anything: node:net would lose it. */
async function lateWords(): Promise<string> {
  const fd = connectTo(join(folder, "api"));
  const into = new Uint8Array(1000);
  let length = 0;
  await until(() => {
    length = receiveBytes(fd, into);
    return length >= 0;
  });
  expect(receiveBytes(fd, new Uint8Array(1))).toBe(0);
  closeSocket(fd);
  return Buffer.from(into.subarray(0, length)).toString();
}

test("an answer has Firecracker's bytes", async () => {
  const client = new Client().send(GET);
  await until(() => client.heard.length >= NO_CONTENT.length);
  expect(client.heard).toBe(NO_CONTENT);
});

test("requests on one connection are answered in their order, however they are cut", async () => {
  const client = new Client();
  for (const letter of GET.repeat(3)) {
    client.send(letter);
    server.ready();
    await Bun.sleep(0);
  }
  client.send("PUT /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}PUT /b HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
  await until(() => client.heard.includes("/b"));
  expect(client.heard.startsWith(NO_CONTENT.repeat(3))).toBe(true);
  expect(client.heard.indexOf("PUT /a {}")).toBeLessThan(client.heard.indexOf("PUT /b {}"));
});

test("what is no request is told so, and the connection is over", async () => {
  const client = new Client().send("PUT / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\nsome");
  await until(() => client.isOver);
  expect(client.heard).toBe(
    `${NO_CONTENT.slice(0, -2).replace("204", "400")}Content-Type: application/json\r\nContent-Length: 152\r\n\r\n` +
      '{ "error": "Request payload with size 99999999 is larger than the limit of 51200 allowed by server.\n' +
      'All previous unanswered requests will be dropped." }',
  );
});

test("a handler that throws is an answer", async () => {
  const client = new Client().send("GET /throws HTTP/1.1\r\n\r\n");
  await until(() => client.heard.includes("}"));
  expect(client.heard).toEndWith('{"fault_message":"it fails"}');
});

describe("an answer that takes its time", () => {
  test("comes to the one who asked, and the others don't wait for it", async () => {
    const [patient, other] = [new Client().send("GET /slow HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"), new Client()];
    await until(() => slow.length === 1);
    other.send(GET);
    await until(() => other.heard === NO_CONTENT);
    expect(patient.heard).toBe("");
    slow[0]!();
    await until(() => patient.heard.endsWith(NO_CONTENT));
    expect(patient.heard).toContain('"/slow"');
  });

  test("is for nobody when the one who asked is gone, nor for who came in his place; nothing turns for him", async () => {
    const gone = new Client().send("GET /slow HTTP/1.1\r\n\r\n");
    await until(() => slow.length === 1);
    gone.socket.destroy();
    const next = Array.from({ length: MAX_CONNECTIONS }, () => new Client().send(GET));
    await until(() => next.every(({ heard }) => heard === NO_CONTENT));
    await until(() => !isReady(server.fd, POLL.IN));
    slow[0]!();
    await Bun.sleep(20);
    server.ready();
    expect(next.every(({ heard }) => heard === NO_CONTENT)).toBe(true);
  });
});

describe("a client that does no good:", () => {
  test("one too many is turned away, and there is room again when another goes", async () => {
    const clients = Array.from({ length: MAX_CONNECTIONS }, () => new Client().send(GET));
    await until(() => clients.every(({ heard }) => heard === NO_CONTENT));
    expect(await lateWords()).toBe(
      "HTTP/1.1 503 \r\nServer: Firecracker API\r\nConnection: close\r\nContent-Length: 40\r\n\r\n" +
        '{ "error": "Too many open connections" }',
    );
    clients[3]!.socket.destroy();
    let next = new Client().send(GET);
    await until(() => {
      if (next.isOver) next = new Client().send(GET);
      return next.heard === NO_CONTENT;
    });
  });

  test("a thousand who say nothing keep nobody out for longer than they stay", async () => {
    const silent = Array.from({ length: 1000 }, () => new Client());
    await until(() => silent.filter(({ isOver }) => isOver).length >= 1000 - MAX_CONNECTIONS);
    for (const { socket } of silent) socket.destroy();
    let client = new Client().send(GET);
    await until(() => {
      if (client.isOver) client = new Client().send(GET);
      return client.heard === NO_CONTENT;
    });
  });

  test("half a request, or a response that is not taken, keeps no other waiting", async () => {
    new Client().send("PUT / HTTP/1.1\r\nContent-Len");
    const deaf = new Client();
    deaf.socket.pause();
    deaf.send("GET /large HTTP/1.1\r\n\r\n".repeat(50));
    const client = new Client();
    for (let i = 0; i < 50; i++) {
      client.send(GET);
      await until(() => client.heard.length === NO_CONTENT.length * (i + 1));
    }
    deaf.socket.resume();
    await until(() => deaf.heard.length > 50 * 2 ** 21);
  });

  test("one that goes in the middle of a request is forgotten", async () => {
    const gone = Array.from({ length: 3 * MAX_CONNECTIONS }, () => new Client().send("GET /large HTTP/1.1\r\n\r\nGET"));
    await until(() => gone.some(({ heard }) => heard.length > 0));
    for (const { socket } of gone) socket.destroy();
    let client = new Client().send(GET);
    await until(() => {
      if (client.isOver) client = new Client().send(GET);
      return client.heard === NO_CONTENT;
    });
  });
});

test("another server goes on where this one stops", async () => {
  const waiting = new Client().send("GET /later HTTP/1.1\r\n\r\nGET / HT");
  const half = new Client().send("PUT /half HTTP/1.1\r\nContent-Length: 4\r\n\r\n{");
  for (let i = 0; i < 20; i++) {
    server.ready();
    await Bun.sleep(1);
  }
  const handed = JSON.parse(JSON.stringify(server.plan())) as PlannedApi;
  expect(handed.connections.map(({ waits }) => waits)).toEqual([true, false]);
  server = new ApiServer(handed, ({ path }) => ({ status: 200, body: JSON.stringify(path) }));
  server.answerWaiting({ status: 204 });
  waiting.send("TP/1.1\r\n\r\n");
  half.send("  }");
  await until(() => waiting.heard.includes('"/"') && half.heard.includes('"/half"'));
  expect(waiting.heard).toStartWith(NO_CONTENT);
});

describe("a stream", () => {
  const HEAD = "HTTP/1.1 200 \r\nServer: Firecracker API\r\nConnection: close\r\nContent-Type: text/x\r\n\r\n";
  const LISTEN = "GET /stream HTTP/1.1\r\n\r\n";

  async function listen(): Promise<Client> {
    const client = new Client().send(LISTEN);
    await until(() => client.heard === HEAD);
    return client;
  }

  test("goes on as long as both are there, beside requests of others", async () => {
    const client = await listen();
    listeners[0]!.output.write(Buffer.from("one "));
    const other = new Client().send(GET);
    await until(() => other.heard === NO_CONTENT);
    listeners[0]!.output.write(Buffer.from("two"));
    await until(() => client.heard === `${HEAD}one two`);
    client.socket.destroy();
    await until(() => listeners[0]!.isGone);
  });

  test("carries what the client sends, also right behind its request, when it is wanted", async () => {
    const client = new Client().send(`${LISTEN}a`);
    await until(() => listeners[0]?.sent === "a");
    listeners[0]!.wantsInput = false;
    listeners[0]!.output.changed();
    client.send("b");
    for (let turn = 0; turn < 100; turn++) {
      server.ready();
      await Bun.sleep(0);
    }
    expect(listeners[0]!.sent).toBe("a");
    listeners[0]!.wantsInput = true;
    listeners[0]!.output.changed();
    await until(() => listeners[0]!.sent === "ab");
  });

  test("holds a bounded part of what its client does not read, and drops whole writes after that", async () => {
    const client = await listen();
    client.socket.pause();
    const { output } = listeners[0]!;
    const part = Buffer.alloc(10_000, "x");
    let taken = 0;
    while (output.write(part) && taken < 10_000) taken++;
    expect(taken).toBeGreaterThan(25);
    expect(taken).toBeLessThan(200);
    client.socket.resume();
    await until(() => client.heard.length === HEAD.length + taken * part.length);
    expect(output.write(part)).toBe(true);
  });

  test("of one that never reads leaves when its client does", async () => {
    const client = await listen();
    client.socket.pause();
    while (listeners[0]!.output.write(Buffer.alloc(10_000)));
    client.socket.destroy();
    await until(() => listeners[0]!.isGone);
  });

  test("has room for so many listeners, who keep nobody from the API", async () => {
    const clients: Client[] = [];
    for (let i = 0; i < MAX_STREAMS; i++) clients.push(await listen());
    const late = new Client().send(LISTEN);
    await until(() => late.heard.includes("listeners already"));
    expect(late.heard).toStartWith("HTTP/1.1 503 ");
    const other = new Client().send(GET);
    await until(() => other.heard === NO_CONTENT);
    clients[0]!.socket.destroy();
    await until(() => listeners[0]!.isGone);
    await listen();
  });
});
