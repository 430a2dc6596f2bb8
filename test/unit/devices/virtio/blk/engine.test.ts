import { describe, expect, spyOn, test } from "bun:test";
import { monotonicNs } from "../../../../../ffi/clock.ts";
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

/** A file with operations on its first four bytes, and where they read to and write from. */
class TestFile implements Disposable {
  readonly file: Fd;
  readonly #bytes = Buffer.alloc(4);
  readonly #vector = new IoVector(1);

  constructor(path: string) {
    this.file = Fd.open(path, O.RDONLY);
    this.#vector.add(addressOf(this.#bytes), this.#bytes.length);
  }

  /** One that the page cache has. */
  static create(folder: Folder): TestFile {
    return new TestFile(folder.file("file", Buffer.from("abcd")));
  }

  operation(kind: OperationKind, slot = 0): Operation {
    const { address: vector } = this.#vector;
    return { slot, kind, offset: 0, length: 4, vector, count: 1, mode: 0, result: -1 };
  }

  get bytesRead(): string {
    return this.#bytes.toString("latin1");
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

/** What is over, once `count` are. */
function takeAll(engine: RingEngine, count: number): Operation[] {
  const done: Operation[] = [];
  for (const end = monotonicNs() + 10e9; done.length < count && monotonicNs() < end; ) {
    const one = engine.next();
    if (one) done.push(one);
    else Bun.sleepSync(1);
  }
  return done;
}

const { READ, WRITE, SYNC } = OperationKind;

describe("a small read", () => {
  test("that is alone is over at once, and needs no ring", () => {
    using folder = new Folder();
    using file = TestFile.create(folder);
    const read = file.operation(READ);
    using engine = new RingEngine(file.file, [read], new AtOnce(file.file.number, true));
    engine.push(read);
    expect(engine.flush()).toBe(true);
    expect(file.bytesRead).toBe("abcd");
    expect(isReady(engine.fd, POLL.IN)).toBe(false);
    expect(engine.next()).toBe(read);
    expect(read.result).toBe(4);
    expect(engine.next()).toBeUndefined();
    expect(engine.flush()).toBe(false);
  });

  test("with others goes by the ring, as does one that comes while others are under way", () => {
    using folder = new Folder();
    using file = TestFile.create(folder);
    const reads = [0, 1, 2].map((slot) => file.operation(READ, slot));
    const atOnce = new AtOnce(file.file.number, true);
    const perform = spyOn(atOnce, "perform");
    using engine = new RingEngine(file.file, reads, atOnce);
    engine.push(reads[0]!);
    engine.push(reads[1]!);
    engine.flush();
    engine.push(reads[2]!);
    engine.flush();
    expect(perform).not.toHaveBeenCalled();
    expect(takeAll(engine, 3)).toHaveLength(3);
    expect(reads.map(({ result }) => result)).toEqual([4, 4, 4]);
    engine.push(reads[1]!);
    engine.flush();
    expect(perform).toHaveBeenCalled();
  });

  test("that can't be done at once is the ring's", () => {
    using folder = new Folder();
    using file = TestFile.create(folder);
    const read = file.operation(READ);
    const atOnce = new AtOnce(file.file.number, true);
    spyOn(atOnce, "perform").mockReturnValue(NOT_DONE);
    using engine = new RingEngine(file.file, [read], atOnce);
    engine.push(read);
    engine.flush();
    expect(takeAll(engine, 1)).toEqual([read]);
    expect(file.bytesRead).toBe("abcd");
  });
});

describe("where a filesystem does not promise that a read won't wait, one", () => {
  const MS = 1e6;
  /** procfs never does. */
  const open = () => new TestFile("/proc/version");

  test("that did wait is followed by a pause fifty times as long", () => {
    using file = open();
    // When the clock is looked at: around the call that waits, then before those after it.
    const times = [0, 4 * MS, 100 * MS, 203 * MS, 205 * MS, 206 * MS];
    const switches = [7, 8, 9, 9, 9, 9];
    const now = () => times.shift()!;
    const atOnce = new AtOnce(file.file.number, true, now, () => switches.shift()!);
    const results = [1, 2, 3, 4, 5].map(() => atOnce.perform(file.operation(READ)));
    expect(results).toEqual([4, NOT_DONE, NOT_DONE, 4, 4]);
  });

  test("that took long because others had the CPU is followed by none", () => {
    using file = open();
    let time = 0;
    const slow = (): number => (time += 20 * MS);
    const atOnce = new AtOnce(file.file.number, true, slow, () => 7);
    expect([1, 2, 3].map(() => atOnce.perform(file.operation(READ)))).toEqual([4, 4, 4]);
  });

  test("is left to the ring if it might wait for another machine", () => {
    using file = open();
    expect(new AtOnce(file.file.number, false).perform(file.operation(READ))).toBe(NOT_DONE);
    expect(file.bytesRead).toBe("\0\0\0\0");
  });
});

test("what is no read is never done at once", () => {
  using folder = new Folder();
  using file = TestFile.create(folder);
  const atOnce = new AtOnce(file.file.number, true);
  expect([WRITE, SYNC].map((kind) => atOnce.perform(file.operation(kind)))).toEqual([NOT_DONE, NOT_DONE]);
});
