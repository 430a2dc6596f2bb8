import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteRing } from "../../../../src/devices/ring.ts";
import { ConsoleOutput } from "../../../../src/machine/console/output.ts";
import { type Answer, FakeStdout } from "./fake-stream.ts";

function outputOf(bytes: readonly number[], ...script: Answer[]) {
  const ring = new ByteRing(new ArrayBuffer(ByteRing.stateBytes(64)), 0, 64);
  ring.pushMany(Uint8Array.from(bytes));
  const stdout = new FakeStdout(...script);
  return { ring, stdout, output: new ConsoleOutput(ring, stdout.stream) };
}

test("takes all there is, and says so", () => {
  const { ring, stdout, output } = outputOf([1, 2, 3]);
  expect(output.flush()).toBe("empty");
  expect([stdout.taken, ring.level, output.taken]).toEqual([[1, 2, 3], 0, 3]);
});

test("of nothing writes nothing: no empty write reaches a terminal", () => {
  const { stdout, output } = outputOf([]);
  expect(output.flush()).toBe("empty");
  expect(stdout.calls).toBe(0);
});

test("goes on where a short write ended", () => {
  const { stdout, output } = outputOf([1, 2, 3, 4, 5], 2, 1);
  expect(output.flush()).toBe("empty");
  expect(stdout.taken).toEqual([1, 2, 3, 4, 5]);
});

test("tries again after EINTR", () => {
  const { stdout, output } = outputOf([1, 2], "EINTR", 1, "EINTR");
  expect(output.flush()).toBe("empty");
  expect(stdout.taken).toEqual([1, 2]);
});

test("stops at EAGAIN with the rest kept, and has it out the next time", () => {
  const { ring, stdout, output } = outputOf([1, 2, 3], 1, "EAGAIN");
  expect(output.flush()).toBe("blocked");
  expect([stdout.taken, ring.level, stdout.calls]).toEqual([[1], 2, 2]);
  expect(output.flush()).toBe("empty");
  expect(stdout.taken).toEqual([1, 2, 3]);
});

describe.each(["EPIPE", "EIO"] as const)("after %s", (error) => {
  test("everything is thrown away, and stdout is not asked again", () => {
    const { ring, stdout, output } = outputOf([1, 2, 3], 1, error);
    expect(output.flush()).toBe("closed");
    expect([stdout.taken, ring.level, output.closed]).toEqual([[1], 0, true]);
    ring.pushMany(Uint8Array.of(4, 5));
    expect(output.flush()).toBe("closed");
    expect([stdout.calls, ring.level]).toEqual([2, 0]);
  });

  test("what is thrown away counts as taken: whoever batches by that goes on batching", () => {
    const { ring, output } = outputOf([1, 2, 3], error);
    output.flush();
    ring.pushMany(Uint8Array.of(4, 5));
    output.flush();
    expect(output.taken).toBe(5);
  });
});

test("no byte is lost, doubled or moved by short writes and waits of any kind", () => {
  const answer = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom("EAGAIN" as const, "EINTR" as const));
  fc.assert(
    fc.property(fc.array(answer), fc.array(fc.uint8Array({ maxLength: 64 })), (script, chunks) => {
      const { ring, stdout, output } = outputOf([], ...script);
      for (const chunk of chunks) {
        let rest = chunk;
        while (rest.length > 0) {
          rest = rest.subarray(ring.pushMany(rest));
          output.flush();
        }
      }
      while (output.flush() === "blocked");
      expect(stdout.taken).toEqual(chunks.flatMap((chunk) => [...chunk]));
    }),
  );
});
