import { expect, test } from "bun:test";
import { END_OF_STDIN, frameStdin } from "../../../src/boot/stdin-frame.ts";

test("data without DLE and ^O is sent as it is, without a copy", () => {
  const data = Uint8Array.of(0, 0x04, 0xff, 0x0d);
  expect(frameStdin(data)).toBe(data);
});

test("DLE and ^O are escaped, so that data never looks like the end or like a SysRq", () => {
  expect([...frameStdin(Uint8Array.of(0x10, 0x04, 1, 0x0f, 0x10))]).toEqual([
    0x10, 0x50, 0x04, 1, 0x10, 0x4f, 0x10, 0x50,
  ]);
  expect(END_OF_STDIN).toEqual(Uint8Array.of(0x10, 0x04));
});

test("framing piece by piece gives what framing at once gives", () => {
  const data = Uint8Array.from({ length: 600 }, (_, index) => (index * 7) % 20);
  const pieces = [0, 100, 101, 350].map((start, index, starts) => frameStdin(data.subarray(start, starts[index + 1])));
  expect(pieces.flatMap((piece) => [...piece])).toEqual([...frameStdin(data)]);
});
