import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { Fd, O } from "../../../../../ffi/fd.ts";
import { IoVector } from "../../../../../ffi/iovec.ts";
import { addressOf } from "../../../../../ffi/memory.ts";
import { isReady, POLL } from "../../../../../ffi/poll.ts";
import { AtOnce, NOT_DONE } from "../../../../../src/devices/virtio/blk/engine/at-once.ts";
import { chooseEngine } from "../../../../../src/devices/virtio/blk/engine/choose.ts";
import { type Operation, OperationKind } from "../../../../../src/devices/virtio/blk/engine/operation.ts";
import { RingEngine } from "../../../../../src/devices/virtio/blk/engine/ring.ts";
import { SyncEngine } from "../../../../../src/devices/virtio/blk/engine/sync.ts";

import { Folder } from "./support.ts";

const MIB = 2 ** 20;

/** Operations that do nothing, and count as so many bytes. */
const nothing = (count: number, length: number): Operation[] =>
  Array.from({ length: count }, (_, slot) => {
    return { slot, kind: OperationKind.READ, offset: 0, length, vector: 0, count: 0, mode: 0, result: -1 };
  });

test("a drive gets the engine it asks for, and where there is no io_uring the other one, with a reason", () => {
  using file = Fd.sealed("a file", new Uint8Array(1));
  const reasons: string[] = [];
  const choose = (io_engine: "Async" | "Sync", of: Fd) => {
    using engine = chooseEngine({ io_engine, direct: false }, { file: of, isLocal: true }, nothing(4, 1), (why) =>
      reasons.push(why),
    );
    return engine.name;
  };
  expect(choose("Sync", file)).toBe("preadv");
  expect(choose("Async", file)).toBe("io_uring");
  expect(reasons).toEqual([]);
  // A descriptor that is none stands for a host that refuses rings.
  expect(choose("Async", new Fd(9999, "nothing"))).toBe("preadv");
  expect(reasons).toEqual([
    "no io_uring here (io_uring_register(2): EBADF): requests wait for each other (see `volt doctor`)",
  ]);
});

test("without io_uring a turn does so much, then the others have theirs, and the rest is called for", () => {
  using file = Fd.sealed("a file", new Uint8Array(1));
  using engine = new SyncEngine(file, 8);
  const operations = nothing(8, 3 * MIB);
  for (const operation of operations) engine.push(operation);
  const turns: number[][] = [];
  while (turns.length === 0 || isReady(engine.fd, POLL.IN)) {
    engine.woken();
    const turn: number[] = [];
    for (let done = engine.next(); done; done = engine.next()) turn.push(done.slot);
    turns.push(turn);
  }
  expect(turns).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
  ]);
  expect(operations.every(({ result }) => result === 0)).toBe(true);
});

/** A file on a tmpfs, which never promises not to wait, with one operation that writes or reads its first four bytes. */
class TmpfsFile implements Disposable {
  readonly path = `/dev/shm/volt-engine-${process.pid}`;
  readonly file = Fd.open(this.path, O.RDWR | O.CREAT);
  readonly bytes = Buffer.from("abcd");
  readonly #vector = new IoVector(1);

  constructor() {
    this.#vector.add(addressOf(this.bytes), this.bytes.length);
  }

  operation(kind: OperationKind): Operation {
    const { address: vector } = this.#vector;
    return { slot: 0, kind, offset: 0, length: 4, vector, count: 1, mode: 0, result: -1 };
  }

  get contents(): string {
    return readFileSync(this.path, "latin1");
  }

  [Symbol.dispose](): void {
    this.file.close();
    rmSync(this.path);
  }
}

describe("a small operation", () => {
  const { READ, WRITE, SYNC } = OperationKind;
  const MS = 1e6;

  test("is over at once, and needs no ring", () => {
    using tmpfs = new TmpfsFile();
    const [write, read] = [tmpfs.operation(WRITE), tmpfs.operation(READ)];
    using engine = new RingEngine(tmpfs.file, [write, { ...read, slot: 1 }], new AtOnce(tmpfs.file.number, true));
    engine.push(write);
    expect(tmpfs.contents).toBe("abcd");
    expect(engine.flush()).toBe(true);
    expect(engine.next()).toBe(write);
    expect(write.result).toBe(4);
    tmpfs.bytes.fill(0);
    engine.push(read);
    expect(tmpfs.bytes.toString()).toBe("abcd");
    expect(engine.next()).toBe(read);
    expect(engine.next()).toBeUndefined();
    expect(engine.flush()).toBe(false);
  });

  test("that made the thread wait is followed by a pause fifty times as long", () => {
    using tmpfs = new TmpfsFile();
    const write = tmpfs.operation(WRITE);
    // When the clock is looked at: around the call that waits, then before those after it.
    const times = [0, 4 * MS, 100 * MS, 203 * MS, 205 * MS, 206 * MS];
    const switches = [7, 8, 9, 9, 9, 9];
    const atOnce = new AtOnce(
      tmpfs.file.number,
      true,
      () => times.shift()!,
      () => switches.shift()!,
    );
    const results = Array.from({ length: 5 }, () => atOnce.perform(write));
    expect(results).toEqual([4, NOT_DONE, NOT_DONE, 4, 4]);
  });

  test("that took long because others had the CPU is followed by none", () => {
    using tmpfs = new TmpfsFile();
    const write = tmpfs.operation(WRITE);
    let time = 0;
    const slow = (): number => (time += 20 * MS);
    const atOnce = new AtOnce(tmpfs.file.number, true, slow, () => 7);
    expect([1, 2, 3].map(() => atOnce.perform(write))).toEqual([4, 4, 4]);
  });

  test("of several waits for the others of its turn where the kernel promises not to wait", () => {
    using folder = new Folder();
    using file = Fd.open(folder.file("promises", Buffer.from("abcd")), O.RDWR);
    using tmpfs = new TmpfsFile();
    const reads = [0, 1, 2].map((slot) => ({ ...tmpfs.operation(READ), slot }));
    const atOnce = new AtOnce(file.number, true);
    using engine = new RingEngine(file, reads, atOnce);
    engine.push(reads[0]!);
    engine.flush();
    expect(engine.next()).toBe(reads[0]!);
    if (!atOnce.isPromised(READ)) return; // such a filesystem has no such turn
    for (const read of reads) engine.push(read);
    engine.flush();
    const done = [engine.next(), engine.next(), engine.next(), engine.next()];
    expect(done.map((one) => one?.slot)).toEqual([0, 1, 2, undefined]);
    expect(reads.map(({ result }) => result)).toEqual([4, 4, 4]);
  });

  test("is left to the ring where it might wait for another machine", () => {
    using tmpfs = new TmpfsFile();
    const atOnce = new AtOnce(tmpfs.file.number, false);
    expect(atOnce.perform(tmpfs.operation(WRITE))).toBe(NOT_DONE);
    expect(tmpfs.contents).toBe("");
  });

  test("is left to the ring if it is neither a read nor a write", () => {
    using tmpfs = new TmpfsFile();
    expect(new AtOnce(tmpfs.file.number, true).perform(tmpfs.operation(SYNC))).toBe(NOT_DONE);
  });
});
