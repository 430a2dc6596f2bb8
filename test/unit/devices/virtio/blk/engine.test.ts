import { expect, test } from "bun:test";
import { Fd } from "../../../../../ffi/fd.ts";
import { isReady, POLL } from "../../../../../ffi/poll.ts";
import { chooseEngine } from "../../../../../src/devices/virtio/blk/engine/choose.ts";
import { type Operation, OperationKind } from "../../../../../src/devices/virtio/blk/engine/operation.ts";
import { SyncEngine } from "../../../../../src/devices/virtio/blk/engine/sync.ts";

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
    using engine = chooseEngine({ io_engine }, of, nothing(4, 1), (why) => reasons.push(why));
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
