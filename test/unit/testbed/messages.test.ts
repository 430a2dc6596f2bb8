import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeMessage, encodeStart, encodeWords, Kind, type Message, messageReader } from "../../testbed/messages.ts";

test("messages come out whole however the stream is cut", () => {
  const message = fc.record({
    kind: fc.constantFrom(...Object.values(Kind)),
    id: fc.integer({ min: 0, max: 0xffff_ffff }),
    payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(fc.array(message), fc.integer({ min: 1, max: 50 }), (messages, size) => {
      const stream = Buffer.concat(messages.map(({ kind, id, payload }) => encodeMessage(kind, id, payload)));
      const read = messageReader();
      const got: Message[] = [];
      for (let at = 0; at < stream.length; at += size) got.push(...read(stream.subarray(at, at + size)));
      expect(got).toEqual(messages);
    }),
  );
});

test("a start message has its counts first and then every string with its NUL", () => {
  const request = { command: ["cat", ""], env: { A: "1" }, cwd: "/", tty: true, rows: 2, columns: 3 };
  const payload = encodeStart(request);
  expect(payload.subarray(0, 20)).toEqual(encodeWords(1, 2, 3, 2, 1));
  expect(payload.subarray(20).toString()).toBe("/\0cat\0\0A=1\0");
});

test("a NUL in an argument is refused, since it would shift all that follow", () => {
  const request = { command: ["echo", "a\0b"], env: {}, cwd: "/", tty: false, rows: 0, columns: 0 };
  expect(() => encodeStart(request)).toThrow('"a\\u0000b" has a NUL byte');
});
