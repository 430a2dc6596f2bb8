import { expect, test } from "bun:test";
import fc from "fast-check";
import { printable } from "../../../src/config/printable.ts";

test.each([
  ["a b é 漢 🙂", "a b é 漢 🙂"],
  ["a\nb\r\tc", "a\\x0ab\\x0d\\x09c"],
  ["\u001b[2J", "\\x1b[2J"],
  // One character that is as good as ESC [, and DEL: JSON would leave both as they are.
  ["\u009b2J\u007f", "\\x9b2J\\x7f"],
  ["\0", "\\x00"],
])("%j is written %j", (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test("no text keeps a control character", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !/\p{Cc}/u.test(printable(text))));
});
