/** Callers of a running machine's API who break the rules, want too much, or die: the guest goes on, and so does the API. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { MAX_CONNECTIONS } from "../../../src/api/server.ts";
import { atMost } from "../../support/emulated.ts";
import { Scene } from "../../support/scene.ts";
import { ask } from "./client.ts";
import { RawClient } from "./raw-client.ts";

/** Leaves its vCPU by a port that is nobody's, again and again: its exits are counted. */
const AT_WORK = "1: out 0x80, al; jmp 1b";
const scene = new Scene();
let socket: string;

beforeAll(async () => {
  scene.begin();
  const disk = scene.folder.file("disk");
  mkdirSync(scene.folder.file("images"));
  for (const file of [disk, scene.folder.file("images/other")]) writeFileSync(file, new Uint8Array(4096));
  const flags = ["--disk", `${disk},id=data`, "--allow-path", scene.folder.file("images"), "--balloon", "4"];
  socket = await scene.startWithApi(AT_WORK, flags);
}, atMost(60_000));
afterAll(() => scene.end());

/** How often the guest has left its vCPU by that port. */
const exits = async () => {
  const { body } = await ask(socket, "GET", "/volt/exits");
  return (body as { exits: { io_out: { count: number } } }[])[0]!.exits.io_out.count;
};

/** Its thread may have to wait for a processor. */
async function goesOn(): Promise<void> {
  const before = await exits();
  for (let tries = 0; tries < 500; tries++) {
    if ((await exits()) > before) return;
    await Bun.sleep(10);
  }
  throw new Error(`the guest stands still after ${before} exits`);
}

afterEach(async () => {
  expect((await ask(socket, "GET", "/")).body).toMatchObject({ state: "Running" });
  await goesOn();
});

const request = (method: string, path: string, body: string | Uint8Array = "") =>
  Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`),
    Buffer.from(body as string),
  ]);
/** What a client hears that sends this and then waits. */
async function answerTo(bytes: string | Uint8Array): Promise<string> {
  using client = await RawClient.connect(socket);
  client.send(bytes);
  return await client.hears("}");
}

describe("a body is refused", () => {
  test("that is announced with 1 GiB, before any of it came", async () => {
    using client = await RawClient.connect(socket);
    client.send(`PUT /actions HTTP/1.1\r\nContent-Length: ${2 ** 30}\r\n\r\n`);
    expect(await client.hearsTheEnd()).toContain("size 1073741824 is larger than the limit of 51200");
  });

  test.each<[string, string | Uint8Array, string]>([
    ["of brackets as deep as there is room", "[".repeat(51_200), "fault_message"],
    ["of objects as deep as there is room", '{"state":'.repeat(5000), "fault_message"],
    ["of objects that are closed again", `${'{"state":'.repeat(5000)}1${"}".repeat(5000)}`, "fault_message"],
    ["with a __proto__", '{"state":"Paused","__proto__":{"state":"Paused"}}', "unknown field `__proto__`"],
    ["with a constructor", '{"state":"Paused","constructor":{"prototype":{}}}', "unknown field `constructor`"],
    ["in UTF-16", Buffer.from('\ufeff{"state":"Paused"}', "utf16le"), "error"],
    ["in Latin-1", Buffer.from('{"state":"Pa\u00fcsed"}', "latin1"), "error"],
    ["with a byte order mark", '\ufeff{"state":"Paused"}', "fault_message"],
    ["with a NUL", '{"state":"Paused\0"}', "fault_message"],
  ])("%s", async (_, body, problem) => {
    const answer = await answerTo(request("PATCH", "/vm", body));
    expect(answer).toStartWith("HTTP/1.1 400 ");
    expect(answer).toContain(problem);
  });
});

describe("nobody waits for a client", () => {
  test("that sends a byte now and then, and it has its answer in the end", async () => {
    using slow = await RawClient.connect(socket);
    for (const byte of "GET / HTTP/1.1\r\n\r\n") {
      slow.send(byte);
      await Bun.sleep(100);
      expect(await answerTo(request("GET", "/version"))).toContain("firecracker_version");
    }
    expect(await slow.hears("}")).toContain('"state":"Running"');
  });

  test("that asks and never reads", async () => {
    using deaf = await RawClient.connect(socket);
    deaf.pause();
    for (let i = 0; i < 2000; i++) deaf.send(request("GET", "/vm/config"));
    for (let i = 0; i < 20; i++) expect((await ask(socket, "GET", "/version")).status).toBe(200);
  });

  test("a thousand times over: who is one too many is told so, and there is room when they leave", async () => {
    const crowd = await Promise.all(Array.from({ length: 1000 }, () => RawClient.connect(socket)));
    try {
      while (crowd.filter(({ isOver }) => isOver).length < crowd.length - MAX_CONNECTIONS) await Bun.sleep(5);
      expect((await answered((status) => status === 503)).body).toEqual({ error: "Too many open connections" });
    } finally {
      for (const client of crowd) client.leave();
    }
    await answered((status) => status === 200);
  });
});

/** The first answer that has such a status: a crowd leaves no room to connect for a while. */
async function answered(isIt: (status: number) => boolean) {
  for (const end = Date.now() + atMost(20_000); Date.now() < end; await Bun.sleep(20)) {
    const answer = await ask(socket, "GET", "/version").catch(() => undefined);
    if (answer && isIt(answer.status)) return answer;
  }
  throw new Error("there never was such an answer");
}

test("requests that come all at once are answered in their order", async () => {
  using client = await RawClient.connect(socket);
  const paths = Array.from({ length: 300 }, (_, i) => `/nowhere${i}`);
  client.send(Buffer.concat(paths.map((path) => request("GET", path))));
  const heard = await client.hears("nowhere299.");
  expect([...heard.matchAll(/GET (nowhere\d+)\./g)].map(([, path]) => `/${path}`)).toEqual(paths);
});

describe("a client that dies during its request does no harm:", () => {
  const limiter = { rate_limiter: { ops: { size: 10, refill_time: 100 } } };
  test.each<[string, string, (() => object)?]>([
    ...["/", "/version", "/vm/config", "/machine-config", "/mmds", "/balloon", "/balloon/statistics"].map(
      (path): [string, string] => ["GET", path],
    ),
    ...["state", "events", "console", "timeline", "counters", "exits", "metrics", "sandbox"].map(
      (name): [string, string] => ["GET", `/volt/${name}`],
    ),
    ["PUT", "/actions", () => ({ action_type: "SendCtrlAltDel" })],
    ["PUT", "/actions", () => ({ action_type: "FlushMetrics" })],
    ["PUT", "/mmds", () => ({ a: 1 })],
    ["PATCH", "/drives/data", () => ({ drive_id: "data", ...limiter })],
    ["PATCH", "/drives/data", () => ({ drive_id: "data", path_on_host: scene.folder.file("images/other") })],
    ["PATCH", "/balloon", () => ({ amount_mib: 8 })],
    ["PATCH", "/volt/entropy", () => limiter],
    ["PUT", "/volt/power-button"],
    ["PUT", "/volt/console", () => ({ columns: 80, rows: 24 })],
    ["PATCH", "/vm", () => ({ state: "Resumed" })],
  ])("%s %s", async (method, path, body) => {
    const bytes = request(method, path, body ? JSON.stringify(body()) : "");
    for (const length of [1, bytes.length >> 1, bytes.length - 1, bytes.length, bytes.length]) {
      using client = await RawClient.connect(socket);
      client.send(bytes.subarray(0, length));
    }
  });
});
