import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O } from "../../../ffi/fd.ts";
import { listenForApi } from "../../../src/api/listen.ts";

const folder = mkdtempSync(join(tmpdir(), "volt-listen-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Whether a descriptor survives an exec. */
function survives(fd: number): boolean {
  const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))![1]!;
  return (Number.parseInt(flags, 8) & O.CLOEXEC) === 0;
}

test("the folder goes into the sandbox only with a socket that is to be taken away: else it would be a way out of the root", () => {
  const path = join(folder, "api");
  const socket = listenForApi(path);
  expect([survives(socket.file.listener), survives(socket.file.folder)]).toEqual([false, false]);
  expect(socket.plan().listener).toBe(socket.file.listener);
  expect([survives(socket.file.listener), survives(socket.file.folder)]).toEqual([true, false]);
  expect(socket.keepFile()).toBe(socket.file);
  expect([survives(socket.file.listener), survives(socket.file.folder)]).toEqual([true, true]);
  socket.withdraw();
  expect(existsSync(path)).toBe(false);
});

test("the file is its user's alone from the first moment, whatever the umask, which stays", () => {
  const before = process.umask(0);
  try {
    const socket = listenForApi(join(folder, "private"));
    expect(statSync(join(folder, "private")).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(0);
    socket.withdraw();
  } finally {
    process.umask(before);
  }
});
