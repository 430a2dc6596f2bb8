/** The API of a machine, from its first client on. The machine is a test's. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fd } from "../../../ffi/fd.ts";
import { listenForApi } from "../../../src/api/listen.ts";
import { serveWhenAsked } from "../../../src/api/when-asked.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { ConsoleHub } from "../../../src/machine/console/hub.ts";
import type { ControlService, MachineControl } from "../../../src/machine/control.ts";
import { EventFeed } from "../../../src/machine/events.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";

/** A machine that only notes what it is told. */
class FakeMachine {
  readonly config = parseConfig({}, "");
  readonly done: string[] = [];
  readonly typed: string[] = [];
  readonly counts = newCounts();
  readonly events = new EventFeed();
  readonly console = new ConsoleHub((bytes) => this.typed.push(Buffer.from(bytes).toString()) > 0);
  isPaused = false;
  isStopping = false;

  pause = () => void this.done.push("pause");
  resume = () => void this.done.push("resume");
  shutDown = () => void this.done.push("shut down");
  end = () => void this.done.push("end");
  pressPowerButton = () => void this.done.push("power button");
  resizeConsole = (size: object) => void this.done.push(JSON.stringify(size));
  timeline = () => [];
  counters = () => [];
}

let folder: string;
let machine: FakeMachine;
let service: ControlService;
let listener: number;
let sockets: Socket[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-when-asked-"));
  const planned = listenForApi(join(folder, "api")).plan();
  listener = planned.listener;
  machine = new FakeMachine();
  service = serveWhenAsked(planned, "web", machine as unknown as MachineControl);
  sockets = [];
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  new Fd(listener, "the listener").close();
  rmSync(folder, { recursive: true });
});

/** A client that has asked. */
function ask(request: string, body = ""): { heard: string; socket: Socket } {
  const socket = createConnection(join(folder, "api"));
  sockets.push(socket);
  const client = { heard: "", socket };
  socket.on("data", (data) => {
    client.heard += data.toString();
  });
  socket.on("error", () => {});
  socket.write(`${request} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return client;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn++) {
    if (turn > 20_000) throw new Error("it never came");
    service.ready();
    await Bun.sleep(0);
  }
}

test("the first client finds it, and its name", async () => {
  const client = ask("GET /");
  await until(() => client.heard.includes('{"id":"web","state":"Running"'));
});

test.each([
  ["PUT /volt/stop", "", "shut down"],
  ["PUT /volt/kill", "", "end"],
  ["PUT /volt/power-button", "", "power button"],
  ["PUT /volt/console", '{"columns":80,"rows":24}', '{"columns":80,"rows":24}'],
  ["PATCH /vm", '{"state":"Paused"}', "pause"],
])("%s does what it says", async (request, body, done) => {
  const client = ask(request, body);
  await until(() => client.heard.startsWith("HTTP/1.1 204 "));
  expect(machine.done).toEqual([done]);
});

test.each([
  ['{"columns":0,"rows":24}', "expected a whole number from 1 to 65535 for `columns`"],
  ['{"columns":80}', "missing field `rows`"],
  ["", "An error occurred when deserializing"],
])("a terminal of size %p is refused", async (body, problem) => {
  const client = ask("PUT /volt/console", body);
  await until(() => client.heard.includes(problem));
  expect(machine.done).toEqual([]);
});

test.each([
  [false, false, "Running"],
  [true, false, "Paused"],
  [true, true, "Stopping"],
])("the state of a machine that is paused: %p, stopping: %p", async (isPaused, isStopping, state) => {
  Object.assign(machine, { isPaused, isStopping });
  const client = ask("GET /volt/state");
  await until(() => client.heard.endsWith(`{"state":"${state}","pid":${process.pid}}`));
});

test("events begin with the state, and come as they happen, to all who listen", async () => {
  const clients = [ask("GET /volt/events"), ask("GET /volt/events")];
  await until(() => clients.every(({ heard }) => heard.includes('"state":"Running"}\n')));
  machine.events.tell({ event: "paused" });
  machine.events.tell({ event: "ended", how: "powered off", status: 7 });
  await until(() => clients.every(({ heard }) => heard.endsWith('"event":"ended","how":"powered off","status":7}\n')));
  const lines = clients[0]!.heard.split("\r\n\r\n")[1]!.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(["state", "paused", "ended"]);
  for (const line of lines) expect(Date.parse(JSON.parse(line).time)).toBeGreaterThan(0);
});

test("the console goes both ways, and a reader that has left is forgotten", async () => {
  machine.console.print(Buffer.from("before "));
  const [one, other] = [ask("GET /volt/console"), ask("GET /volt/console")];
  await until(() => one.heard.endsWith("before ") && other.heard.endsWith("before "));
  machine.console.print(Buffer.from("now"));
  await until(() => one.heard.endsWith("before now") && other.heard.endsWith("before now"));
  one.socket.write("ls\n");
  await until(() => machine.typed.join("") === "ls\n");
  one.socket.destroy();
  other.socket.write("x");
  await until(() => machine.typed.join("") === "ls\nx");
  machine.console.print(Buffer.from(" later"));
  await until(() => other.heard.endsWith("now later"));
});
