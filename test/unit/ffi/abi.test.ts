import { describe, expect, test } from "bun:test";
import { blob, get, io, ior, iow, iowr, layout, pack, put, u8, u16, u32, u64 } from "../../../ffi/abi.ts";

const EXAMPLE = layout("struct example", "example.h", 24, {
  byte: u8(0),
  half: u16(2),
  word: u32(4),
  long: u64(8),
  bytes: blob(16, 4),
});
const F = EXAMPLE.fields;

describe("pack", () => {
  test("puts each field at its place, little-endian, and zeroes the rest", () => {
    const bytes = pack(EXAMPLE, {
      byte: 0x11,
      half: 0x2233,
      word: 0x4455_6677,
      long: 0x1122_3344_5566_7788n,
      bytes: new Uint8Array([1, 2, 3]),
    });
    expect(Buffer.from(bytes).toString("hex")).toBe("11003322776655448877665544332211010203000000000000".slice(0, 48));
  });

  test("of nothing is all zeroes, of the structure's size", () => {
    expect(pack(EXAMPLE)).toEqual(new Uint8Array(24));
  });

  test("refuses bytes that do not fit their field", () => {
    expect(() => pack(EXAMPLE, { bytes: new Uint8Array(5) })).toThrow(new RangeError("5 bytes into a field of 4"));
  });
});

describe("get", () => {
  test.each([
    ["byte", 0xff],
    ["half", 0xffff],
    ["word", 0xffff_ffff],
    ["long", Number.MAX_SAFE_INTEGER],
  ] as const)("reads back the largest %s", (name, value) => {
    const bytes = pack(EXAMPLE);
    put(bytes, F[name], value);
    expect(get(bytes, F[name])).toBe(value);
  });

  test("reads from a part of a larger buffer", () => {
    const outer = new Uint8Array(100);
    outer.set(pack(EXAMPLE, { word: 77 }), 40);
    expect(get(outer.subarray(40), F.word)).toBe(77);
  });
});

test("ioctl numbers come out as <asm-generic/ioctl.h> makes them", () => {
  expect(io(0xae, 0x80)).toBe(0xae80);
  expect(ior(0xae, 0x81, 144)).toBe(0x8090_ae81);
  expect(iow(0xae, 0x46, 32)).toBe(0x4020_ae46);
  expect(iowr(0xae, 0x05, 8)).toBe(0xc008_ae05);
});
