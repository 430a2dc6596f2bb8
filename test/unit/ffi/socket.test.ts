import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Errno } from "../../../ffi/error.ts";
import { IoVector } from "../../../ffi/iovec.ts";
import { addressOf } from "../../../ffi/memory.ts";
import {
  accept,
  closeSocket,
  connectTo,
  listenAt,
  peekBytes,
  receiveBytes,
  receiveVector,
  SHUT,
  sendBytes,
  sendVector,
  shutDown,
} from "../../../ffi/socket.ts";
import { systemError } from "../../support/thrown.ts";

const folder = mkdtempSync(join(tmpdir(), "volt-socket-"));
let made = 0;
let ends: [number, number];

beforeAll(() => {
  const path = join(folder, "pair");
  using listener = listenAt(path, 1);
  ends = [connectTo(path), accept(listener.number)];
});
afterAll(() => {
  for (const end of ends) closeSocket(end);
  rmSync(folder, { recursive: true });
});

/** A vector on the parts of some bytes. */
function vectorOn(bytes: Uint8Array, ...lengths: readonly number[]): IoVector {
  const vector = new IoVector(lengths.length);
  let at = 0;
  for (const length of lengths) {
    vector.add(addressOf(bytes) + at, length);
    at += length;
  }
  return vector;
}

describe("bytes", () => {
  test("sent from several buffers arrive in several others", () => {
    const from = Buffer.alloc(10_000, "abcdefg");
    const to = new Uint8Array(new ArrayBuffer(10_000));
    expect(sendVector(ends[0], vectorOn(from, 1, 4000, 5999))).toBe(10_000);
    expect(receiveVector(ends[1], vectorOn(to, 9000, 1000))).toBe(10_000);
    expect(Buffer.from(to).equals(from)).toBe(true);
  });

  test("can be looked at before they are taken", () => {
    const seen = new Uint8Array(5);
    sendBytes(ends[0], Buffer.from("hello, you"));
    expect(peekBytes(ends[1], seen)).toBe(5);
    expect(receiveBytes(ends[1], seen, 2)).toBe(2);
    expect(Buffer.from(seen).toString()).toBe("hello");
    expect(receiveBytes(ends[1], seen)).toBe(5);
    expect(Buffer.from(seen).toString()).toBe("llo, ");
    expect(receiveBytes(ends[1], seen)).toBe(3);
  });

  test("that are not there make nobody wait", () => {
    expect(receiveVector(ends[1], vectorOn(new Uint8Array(new ArrayBuffer(8)), 8))).toBe(-Errno.EAGAIN);
    const most = new Uint8Array(1 << 20);
    expect(sendBytes(ends[0], most)).toBeGreaterThan(0);
    expect(sendBytes(ends[0], most)).toBe(-Errno.EAGAIN);
  });
});

test("an end that is shut is seen by the other, and sending into it is an answer, not a signal", () => {
  const path = join(folder, `${++made}`);
  using listener = listenAt(path, 1);
  const client = connectTo(path);
  const server = accept(listener.number);
  shutDown(client, SHUT.WR);
  expect(receiveBytes(server, new Uint8Array(1))).toBe(0);
  closeSocket(client);
  expect(sendBytes(server, new Uint8Array(1))).toBe(-Errno.EPIPE);
  closeSocket(server);
});

describe("a path", () => {
  test("that has a file can't be listened at", () => {
    const path = join(folder, `${++made}`);
    using _first = listenAt(path, 1);
    expect(systemError(() => listenAt(path, 1)).errno).toBe(Errno.EADDRINUSE);
  });

  test("nobody listens at refuses, and so does one where too many wait", () => {
    const path = join(folder, `${++made}`);
    expect(connectTo(path)).toBe(-Errno.ENOENT);
    using listener = listenAt(path, 0);
    const first = connectTo(path);
    expect(first).toBeGreaterThan(0);
    expect(connectTo(path)).toBe(-Errno.EAGAIN);
    closeSocket(first);
    closeSocket(accept(listener.number));
    expect(accept(listener.number)).toBe(-Errno.EAGAIN);
    listener.close();
    expect(connectTo(path)).toBe(-Errno.ECONNREFUSED);
  });

  test("of more than a socket's 107 bytes is an error that names it", () => {
    const path = join(folder, "x".repeat(108));
    expect(() => listenAt(path, 1)).toThrow(path);
    expect(connectTo(path)).toBe(-Errno.ENAMETOOLONG);
  });
});
