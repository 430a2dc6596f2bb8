import { expect, test } from "bun:test";
import fc from "fast-check";
import { applyBitmap, formatBitmap, parseBitmap } from "../../../../src/cpu/template/bitmap.ts";

test.each([
  ["0b1", 1n, 1n],
  ["0b0", 1n, 0n],
  ["0bx", 0n, 0n],
  ["0b1_0x", 6n, 4n],
  [`0b${"1".repeat(64)}`, 2n ** 64n - 1n, 2n ** 64n - 1n],
])("%s", (text, mask, value) => {
  expect(parseBitmap(text)).toEqual({ mask, value });
});

test("sets what is 1, clears what is 0, leaves what is x or left out", () => {
  expect(applyBitmap(0b1111_0000n, parseBitmap("0b01x10x"))).toBe(0b1101_0100n | 0b0000_0000n);
});

test("is written as it is read, bit for bit", () => {
  const bitmaps = fc.array(fc.constantFrom("0", "1", "x"), { minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(bitmaps, (digits) => {
      const text = `0b${digits.join("")}`;
      expect(formatBitmap(parseBitmap(text), 64)).toBe(text);
    }),
  );
});
