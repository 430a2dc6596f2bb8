import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { IoVector } from "../../../../../ffi/iovec.ts";
import { addressOf, memoryAt } from "../../../../../ffi/memory.ts";
import { Backlog, BacklogPool, MOST_BACKLOGS } from "../../../../../src/devices/virtio/vsock/backlog.ts";
import { BUFFER_BYTES } from "../../../../../src/devices/virtio/vsock/credit.ts";

const source = new Uint8Array(new ArrayBuffer(BUFFER_BYTES + 1));
for (let i = 0; i < source.length; i++) source[i] = i % 251;

function contents(backlog: Backlog): Buffer {
  const vector = new IoVector(2);
  if (backlog.length === 0) return Buffer.alloc(0);
  backlog.list(vector);
  const parts = Array.from({ length: vector.count }, (_, i) => memoryAt(vector.addressAt(i), vector.lengthAt(i)));
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

describe("a backlog", () => {
  test("gives back what was put in, in order, however it wraps and in whatever pieces", () => {
    using backlog = new Backlog();
    const vector = new IoVector(3);
    let expected = Buffer.alloc(0);
    const step = fc.record({
      pieces: fc.array(fc.nat(60_000), { minLength: 1, maxLength: 3 }),
      skip: fc.nat(60_000),
      drop: fc.nat(BUFFER_BYTES),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        for (const { pieces, skip, drop } of steps) {
          vector.clear();
          const wanted = [];
          for (const [i, length] of pieces.entries()) {
            vector.add(addressOf(source) + i * 7, length);
            wanted.push(source.subarray(i * 7, i * 7 + length));
          }
          const added = Buffer.concat(wanted).subarray(skip);
          if (expected.length + added.length <= BUFFER_BYTES) {
            backlog.append(vector, skip);
            expected = Buffer.concat([expected, added]);
          }
          const dropped = Math.min(drop, expected.length);
          backlog.drop(dropped);
          expected = expected.subarray(dropped);
          expect(backlog.length).toBe(expected.length);
          expect(contents(backlog).equals(expected)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("refuses a byte more than it holds, which is a mistake of volt's", () => {
    using backlog = new Backlog();
    const vector = new IoVector(1);
    vector.add(addressOf(source), BUFFER_BYTES + 1);
    expect(() => backlog.append(vector, 0)).toThrow(RangeError);
  });
});

test("backlogs end at MOST_BACKLOGS, and one that is given back can be had again, empty", () => {
  const pool = new BacklogPool();
  const all = Array.from({ length: MOST_BACKLOGS }, () => pool.take()!);
  expect(pool.take()).toBeUndefined();
  const vector = new IoVector(1);
  vector.add(addressOf(source), 10);
  all[0]!.append(vector, 0);
  pool.give(all[0]!);
  expect(pool.take()!.length).toBe(0);
  expect(pool.take()).toBeUndefined();
  for (const backlog of all) pool.give(backlog);
});
