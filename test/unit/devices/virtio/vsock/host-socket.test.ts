import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accept, closeSocket, connectTo, listenAt } from "../../../../../ffi/socket.ts";
import { HostSocket, openHostSocket } from "../../../../../src/devices/virtio/vsock/host-socket.ts";

const folder = mkdtempSync(join(tmpdir(), "volt-host-socket-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a socket that a dead program left is taken over", () => {
  const path = join(folder, "stale");
  listenAt(path, 1).close();
  openHostSocket(path);
  const client = connectTo(path);
  expect(client).toBeGreaterThanOrEqual(0);
  closeSocket(client);
});

test("a file that is no socket is not taken over, and the message says what to do", () => {
  const path = join(folder, "file");
  writeFileSync(path, "somebody's");
  expect(() => openHostSocket(path)).toThrow(
    `--vsock: address in use: ${path} is there already, and nobody listens: rm ${path}`,
  );
  expect(readFileSync(path, "utf8")).toBe("somebody's");
});

test("a socket that another program listens at is not taken over", () => {
  const path = join(folder, "other");
  using _other = listenAt(path, 1);
  expect(() => openHostSocket(path)).toThrow(
    `--vsock: address in use: another program listens at ${path}: give another path`,
  );
});

test("a folder that is missing is named", () => {
  expect(() => openHostSocket(join(folder, "none/v.sock"))).toThrow("there is no folder for");
});

test("a name that leaves no room for a port is refused, and the longest one has room for every port", () => {
  expect(() => openHostSocket(join(folder, "x".repeat(73)))).toThrow("at most 72 bytes");
  const opened = openHostSocket(join(folder, "y".repeat(72)));
  using listener = listenAt(`/proc/self/fd/${opened.folder}/${"y".repeat(72)}_4294967295`, 1);
  const socket = new HostSocket(opened).connect(4_294_967_295);
  expect(socket).toBeGreaterThan(0);
  for (const fd of [socket, accept(listener.number), opened.listener, opened.folder]) closeSocket(fd);
});

test("programs are found beside the socket even after its folder was moved, and the file still goes", () => {
  const [before, after] = [join(folder, "before"), join(folder, "after")];
  mkdirSync(before);
  const opened = openHostSocket(join(before, "v.sock"));
  renameSync(before, after);
  const host = new HostSocket(opened);
  using listener = listenAt(join(after, "v.sock_9"), 1);
  const socket = host.connect(9);
  expect(socket).toBeGreaterThan(0);
  for (const fd of [socket, accept(listener.number)]) closeSocket(fd);
  const program = connectTo(join(after, "v.sock"));
  closeSocket(host.accept());
  closeSocket(program);
  host.remove();
  expect(existsSync(join(after, "v.sock"))).toBe(false);
  for (const fd of [opened.listener, opened.folder]) closeSocket(fd);
});
