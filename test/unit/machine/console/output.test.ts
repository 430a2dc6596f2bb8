import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteRing } from "../../../../src/devices/ring.ts";
import { flush } from "../../../../src/machine/console/output.ts";
import { ConsoleWriter } from "../../../../src/machine/console/writer.ts";
import { type Answer, FakeStdout } from "./fake-stream.ts";

function outputOf(bytes: readonly number[], ...script: Answer[]) {
  const ring = new ByteRing(new ArrayBuffer(ByteRing.stateBytes(64)), 0, 64);
  ring.pushMany(Uint8Array.from(bytes));
  const stdout = new FakeStdout(...script);
  const writer = new ConsoleWriter(stdout.stream);
  return { ring, stdout, writer, flushed: () => flush(ring, writer) };
}

test("takes all there is, and says so", () => {
  const { ring, stdout, writer, flushed } = outputOf([1, 2, 3]);
  expect(flushed()).toBe("empty");
  expect([stdout.taken, ring.level, writer.taken]).toEqual([[1, 2, 3], 0, 3]);
});

test("of nothing writes nothing: no empty write reaches a terminal", () => {
  const { stdout, flushed } = outputOf([]);
  expect(flushed()).toBe("empty");
  expect(stdout.calls).toBe(0);
});

test("goes on where a short write ended", () => {
  const { stdout, flushed } = outputOf([1, 2, 3, 4, 5], 2, 1);
  expect(flushed()).toBe("empty");
  expect(stdout.taken).toEqual([1, 2, 3, 4, 5]);
});

test("tries again after EINTR", () => {
  const { stdout, flushed } = outputOf([1, 2], "EINTR", 1, "EINTR");
  expect(flushed()).toBe("empty");
  expect(stdout.taken).toEqual([1, 2]);
});

test("stops at EAGAIN with the rest kept, and has it out the next time", () => {
  const { ring, stdout, flushed } = outputOf([1, 2, 3], 1, "EAGAIN");
  expect(flushed()).toBe("blocked");
  expect([stdout.taken, ring.level, stdout.calls]).toEqual([[1], 2, 2]);
  expect(flushed()).toBe("empty");
  expect(stdout.taken).toEqual([1, 2, 3]);
});

describe.each(["EPIPE", "EIO"] as const)("after %s", (error) => {
  test("everything is thrown away, and stdout is not asked again", () => {
    const { ring, stdout, writer, flushed } = outputOf([1, 2, 3], 1, error);
    expect(flushed()).toBe("empty");
    expect([stdout.taken, ring.level, writer.closed]).toEqual([[1], 0, true]);
    ring.pushMany(Uint8Array.of(4, 5));
    expect(flushed()).toBe("empty");
    expect([stdout.calls, ring.level]).toEqual([2, 0]);
  });

  test("what is thrown away counts as taken: whoever batches by that goes on batching", () => {
    const { ring, writer, flushed } = outputOf([1, 2, 3], error);
    flushed();
    ring.pushMany(Uint8Array.of(4, 5));
    flushed();
    expect(writer.taken).toBe(5);
  });
});

test("no byte is lost, doubled or moved by short writes and waits of any kind", () => {
  const answer = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom("EAGAIN" as const, "EINTR" as const));
  fc.assert(
    fc.property(fc.array(answer), fc.array(fc.uint8Array({ maxLength: 64 })), (script, chunks) => {
      const { ring, stdout, flushed } = outputOf([], ...script);
      for (const chunk of chunks) {
        let rest = chunk;
        while (rest.length > 0) {
          rest = rest.subarray(ring.pushMany(rest));
          flushed();
        }
      }
      while (flushed() === "blocked");
      expect(stdout.taken).toEqual(chunks.flatMap((chunk) => [...chunk]));
    }),
  );
});
