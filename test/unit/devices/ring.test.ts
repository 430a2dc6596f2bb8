import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteRing } from "../../../src/devices/ring.ts";
import { patterned } from "./support.ts";

const OFFSET = 64;

function ringOf(capacity: number, start = 0): { ring: ByteRing; state: ArrayBuffer } {
  const state = new ArrayBuffer(OFFSET + ByteRing.stateBytes(capacity) + 64);
  const counters = new Int32Array(state, OFFSET, 32);
  counters[0] = start;
  counters[16] = start;
  return { ring: new ByteRing(state, OFFSET, capacity), state };
}

describe("a byte ring", () => {
  test("zeroed memory is an empty ring", () => {
    const { ring } = ringOf(16);
    expect(ring.level).toBe(0);
    expect(ring.room).toBe(16);
    expect(ring.pop()).toBe(-1);
    expect(ring.readable().length).toBe(0);
  });

  test("all of its capacity can be used, and not a byte more", () => {
    const { ring } = ringOf(4);
    expect([1, 2, 3, 4, 5].map((byte) => ring.push(byte))).toEqual([true, true, true, true, false]);
    expect([ring.level, ring.room]).toEqual([4, 0]);
    expect([0, 0, 0, 0, 0].map(() => ring.pop())).toEqual([1, 2, 3, 4, -1]);
  });

  test("a put of many takes what there is room for", () => {
    const { ring } = ringOf(8);
    expect(ring.pushMany(Uint8Array.of(1, 2, 3, 4, 5, 6))).toBe(6);
    expect(ring.pushMany(Uint8Array.of(7, 8, 9))).toBe(2);
    expect(ring.pushMany(Uint8Array.of(10))).toBe(0);
    expect([...ring.readable()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("bytes across the end of its memory are read in two pieces", () => {
    const { ring } = ringOf(8);
    ring.pushMany(patterned(6));
    ring.consume(6);
    ring.pushMany(Uint8Array.of(1, 2, 3, 4));
    expect([...ring.readable()]).toEqual([1, 2]);
    ring.consume(2);
    expect([...ring.readable()]).toEqual([3, 4]);
  });

  test("consuming more than there is empties it", () => {
    const { ring } = ringOf(8);
    ring.pushMany(Uint8Array.of(1, 2));
    ring.consume(100);
    expect([ring.level, ring.room]).toEqual([0, 8]);
  });

  test("its counters wrap after 2^31 and after 2^32 bytes without a trace", () => {
    for (const start of [2 ** 31 - 3, -3]) {
      const { ring } = ringOf(8, start | 0);
      expect(ring.pushMany(patterned(8))).toBe(8);
      expect([ring.level, ring.room, ring.push(0)]).toEqual([8, 0, false]);
      expect(Array.from({ length: 9 }, () => ring.pop())).toEqual([...patterned(8), -1]);
      expect(ring.level).toBe(0);
    }
  });

  test("a capacity that is no power of two is refused", () => {
    for (const capacity of [0, -8, 3, 12, 2 ** 31, 1.5]) {
      expect(() => new ByteRing(new ArrayBuffer(1024), 0, capacity)).toThrow("power of two");
    }
  });

  test("whatever is put and taken, bytes come out once and in order, and nothing outside is touched", () => {
    const put = fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ put: bytes }));
    const take = fc.nat(40).map((count) => ({ take: count }));
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.oneof(put, take)), (start, steps) => {
        const { ring, state } = ringOf(32, start | 0);
        const model: number[] = [];
        for (const step of steps) {
          if ("put" in step) {
            const taken = ring.pushMany(step.put);
            expect(taken).toBe(Math.min(step.put.length, 32 - model.length));
            model.push(...step.put.subarray(0, taken));
          } else {
            const piece = ring.readable().slice(0, step.take);
            ring.consume(piece.length);
            expect([...piece]).toEqual(model.splice(0, piece.length));
          }
          expect(ring.level).toBe(model.length);
        }
        expect(new Uint8Array(state, 0, OFFSET).every((byte) => byte === 0)).toBe(true);
        expect(new Uint8Array(state, OFFSET + ByteRing.stateBytes(32)).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });
});
