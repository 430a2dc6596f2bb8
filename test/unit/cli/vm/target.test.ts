import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeSocket, listenAt } from "../../../../ffi/socket.ts";
import { ask, checkReachable, request } from "../../../../src/cli/vm/client.ts";
import { findInstanceOf, findTarget } from "../../../../src/cli/vm/target.ts";
import { claimInstance } from "../../../../src/instances/claim.ts";

const before = process.env["VOLT_RUNTIME_DIR"];
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "volt-target-"));
  process.env["VOLT_RUNTIME_DIR"] = home;
});
afterEach(() => {
  if (before === undefined) delete process.env["VOLT_RUNTIME_DIR"];
  else process.env["VOLT_RUNTIME_DIR"] = before;
  rmSync(home, { recursive: true });
});

const FACTS = { kernel: "", vcpu_count: 1, mem_size_mib: 128, detached: false };

test("a VM is found by its name, however that is given, and by its socket", () => {
  const web = claimInstance(home, "web");
  web.record({ ...FACTS, api: "/elsewhere/api" });
  expect(findTarget({ name: "web" }, "stop")).toMatchObject({ name: "web", api: "/elsewhere/api" });
  expect(findTarget({ id: "web" }, "stop").instance?.record?.pid).toBe(process.pid);
  expect(findTarget({ api: "/some/socket" }, "stop")).toEqual({
    name: "/some/socket",
    api: "/some/socket",
    instance: undefined,
  });
  web.release();
});

test("one that is just starting is found before it has written anything down", () => {
  const web = claimInstance(home, "web");
  expect(findTarget({ name: "web" }, "info").api).toBe(web.paths.api);
  web.release();
});

test("the message for one that is not there says which there are", () => {
  expect(() => findTarget({ name: "web" }, "stop")).toThrow(`stop: there is no VM named web: none runs, by ${home}`);
  const [one, two] = [claimInstance(home, "one"), claimInstance(home, "two")];
  expect(() => findTarget({ name: "web" }, "stop")).toThrow("stop: there is no VM named web: there are one, two");
  expect(() => findTarget({}, "stop")).toThrow("stop: which VM? there are one, two");
  expect(() => findTarget({ name: "one", id: "two" }, "stop")).toThrow("stop: takes one VM, not one and two");
  one.release();
  two.release();
});

test("one that has ended is known to have ended, and still has its files", () => {
  mkdirSync(join(home, "web"));
  writeFileSync(join(home, "web/pid"), "1\n");
  writeFileSync(join(home, "web/vm.json"), JSON.stringify({ ...FACTS, id: "web", pid: 1, api: "/x", detached: true }));
  expect(() => findTarget({ name: "web" }, "pause")).toThrow("web: this VM has ended");
  expect(findInstanceOf({ name: "web" }, "logs").record?.detached).toBe(true);
});

test.each(["", "{", "null", "[]", '{"id": 1}'])("a record of %p is as good as none", (text) => {
  const web = claimInstance(home, "web");
  writeFileSync(web.paths.record, text);
  expect(findTarget({ name: "web" }, "info").instance?.record).toBeUndefined();
  web.release();
});

const target = (api: string) => ({ name: "web", api, instance: undefined });

test("a socket that is not there, or that nobody listens at, is told apart", () => {
  const path = join(home, "api");
  expect(() => checkReachable(target(path))).toThrow(`web: no VM listens at ${path}: volt ps lists those that run`);
  const listener = listenAt(path, 1);
  expect(() => checkReachable(target(path))).not.toThrow();
  closeSocket(listener.number);
  expect(() => checkReachable(target(path))).toThrow(`web: the VM that listened at ${path} has ended`);
  const file = join(home, "file");
  writeFileSync(file, "");
  expect(() => checkReachable(target(file))).toThrow(
    `web: ${file} is a file, not a socket: give the one that a VM's API listens at`,
  );
  expect(() => checkReachable(target(`/${"x".repeat(120)}`))).toThrow("is too long for a socket");
});

test("one that does not answer, or goes while it is asked, ends no client with a stack", async () => {
  const path = join(home, "api");
  const listener = listenAt(path, 8);
  await expect(request(target(path), "GET", "/", undefined, 100)).rejects.toThrow(
    "web: the VM does not answer: is its process stopped? volt kill ends it",
  );
  closeSocket(listener.number);
  rmSync(path);
  const server = createServer((socket) => socket.destroy()).listen(path);
  await expect(ask(target(path), "GET", "/")).rejects.toThrow("web: the VM ended before it answered");
  server.close();
});

test("what a VM refuses is the message", async () => {
  const path = join(home, "api");
  const body = '{"fault_message":"No balloon device found."}';
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(`HTTP/1.1 400 \r\nContent-Length: ${body.length}\r\n\r\n${body}`));
  }).listen(path);
  await expect(ask(target(path), "PATCH", "/balloon", { amount_mib: 1 })).rejects.toThrow(
    "web: No balloon device found.",
  );
  server.close();
});
