import { describe, expect, test } from "bun:test";
import { bytesSource } from "../../../../src/boot/source.ts";
import { decompress } from "../../../../src/kernels/image/decompress.ts";
import { unpackKernel } from "../../../../src/kernels/image/unpack.ts";
import { bzImageAround, bzImageOf, COMPRESSIONS, linux, pack } from "../home.ts";

const kernel = linux("packed");
const unpack = (bytes: Uint8Array) => unpackKernel(bytesSource("vmlinuz", bytes));
const contents = ({ elf }: ReturnType<typeof unpackKernel>) => Buffer.from(elf.read(0, elf.size));

describe.each(COMPRESSIONS)("a bzImage packed with %s", (compression) => {
  const image = bzImageOf(kernel, compression);

  test("gives its vmlinux, byte for byte", () => {
    const unpacked = unpack(image);
    expect(unpacked.format).toBe(`bzImage, ${compression}`);
    expect(contents(unpacked)).toEqual(Buffer.from(kernel));
  });

  test.each([0.1, 0.5, 0.9, 0.99])("that ends after %d of its payload is refused", (part) => {
    const packed = pack(kernel, compression);
    const cut = packed.slice(0, Math.floor(packed.length * part));
    const payload = compression === "gzip" ? cut : new Uint8Array([...cut, 0, 0, 0, 0]);
    expect(() => unpack(bzImageAround(payload))).toThrow(/^vmlinuz: .*the file is damaged: get it again$/);
  });

  test("that was damaged never gives the same vmlinux without a word", () => {
    const packed = pack(kernel, compression);
    for (let at = 16; at < packed.length; at += 37) {
      const spoilt = packed.slice();
      spoilt[at]! ^= 0x55;
      let result: Buffer | undefined;
      try {
        result = Buffer.from(decompress("x", spoilt, compression));
      } catch (error) {
        expect((error as Error).name).toBe("BootError");
      }
      // LZ4 and LZMA as kernels use them have no checksum: what comes out is another file, and its own digest says so.
      if (result && !["lz4", "lzma"].includes(compression)) expect(result).toEqual(Buffer.from(kernel));
    }
  });

  test("is refused when more comes out than a kernel can have", () => {
    expect(() => decompress("x", pack(new Uint8Array(2 ** 20), compression), compression, 2 ** 16)).toThrow(
      "x: it unpacks to more than 65536 bytes; no kernel is that large: give a vmlinux",
    );
  });

  test("may be a vmlinux packed as a whole as well", () => {
    const unpacked = unpack(pack(kernel, compression));
    expect(unpacked.format).toBe(`ELF in ${compression}`);
    expect(contents(unpacked)).toEqual(Buffer.from(kernel));
  });
});

test("a bzImage that is not compressed gives the ELF file in it", () => {
  const unpacked = unpack(bzImageAround(kernel));
  expect(unpacked.format).toBe("bzImage, not compressed");
  expect(contents(unpacked).subarray(0, kernel.length)).toEqual(Buffer.from(kernel));
});

test.each([
  [
    "another file in it",
    bzImageOf(new TextEncoder().encode("no kernel at all"), "gzip"),
    "vmlinuz: what is packed in it is no ELF file; give its vmlinux",
  ],
  [
    "an unknown packing",
    bzImageAround(new Uint8Array(100).fill(7)),
    "vmlinuz: its kernel is packed in a way volt does not know; give its vmlinux",
  ],
  [
    "a script",
    new TextEncoder().encode("#!/bin/sh\n"),
    "vmlinuz: this is a script, not a kernel; give a vmlinux or bzImage",
  ],
  ["nothing", new Uint8Array(0), "vmlinuz: the file is empty; get the kernel again"],
])("%s is refused", (_, bytes, message) => {
  expect(() => unpack(bytes)).toThrow(message);
});
