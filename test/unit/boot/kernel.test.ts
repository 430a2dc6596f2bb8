import { describe, expect, test } from "bun:test";
import zlib from "node:zlib";
import fc from "fast-check";
import { BootError } from "../../../src/boot/error.ts";
import { chooseProtocol, parseKernel } from "../../../src/boot/kernel.ts";
import { concat, u8 } from "../../../src/boot/pack.ts";
import { bytesSource } from "../../../src/boot/source.ts";
import { unpack } from "../../../src/boot/unpack.ts";
import { buildElf, bzImage, LIMITS, notes, PVH_NOTE, TEXT, vmlinux } from "./fixtures.ts";

const parse = (file: Uint8Array) => parseKernel(bytesSource("kernel", file), LIMITS);
const text = (s: string) => new TextEncoder().encode(s);

describe("a kernel is told by its contents", () => {
  test("an ELF file", () => {
    expect(parse(vmlinux())).toMatchObject({ format: "elf", compression: undefined, isLinux: true });
  });

  test("a bzImage", () => {
    expect(parse(bzImage())).toMatchObject({ format: "bzimage", compression: undefined, kernelOffset: 1024 });
  });

  test.each([
    ["gzip", Bun.gzipSync],
    ["zstd", Bun.zstdCompressSync],
  ] as const)("either of them compressed with %s, and its offsets refer to what was unpacked", (compression, pack) => {
    const image = parse(pack(vmlinux().slice()));
    expect(image).toMatchObject({ format: "elf", compression });
    expect(image.source.read(0, image.source.size)).toEqual(vmlinux());
    expect(parse(pack(bzImage().slice()))).toMatchObject({ format: "bzimage", compression });
  });
});

describe("what is no kernel is named", () => {
  const arm64 = new Uint8Array(4096);
  arm64.set(text("MZ"));
  arm64.set(text("ARM\x64"), 0x38);
  const cases: Record<string, [Uint8Array, string]> = {
    "an empty file": [u8(), "the file is empty"],
    "an xz file": [u8(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1), "xz -dc FILE"],
    "an lz4 file": [u8(0x04, 0x22, 0x4d, 0x18, 1), "lz4 -dc FILE"],
    "a bzip2 file": [text("BZh91AY"), "bzip2 -dc FILE"],
    "an lzma file": [u8(0x5d, 0, 0, 0x80, 0), "xz --format=lzma -dc FILE"],
    "a file compressed twice": [Bun.gzipSync(Bun.gzipSync(vmlinux().slice())), "more than once"],
    "an initramfs": [text("0707010000"), "give it with --initrd"],
    "a compressed initramfs": [Bun.gzipSync(text("0707010000")), "give it with --initrd"],
    "a Debian package": [text("!<arch>\ndebian-binary   "), "volt kernel add FILE"],
    "an RPM package": [u8(0xed, 0xab, 0xee, 0xdb, 3), "RPM package"],
    "an arm64 kernel": [arm64, "arm64 kernel"],
    "an EFI program": [concat(text("MZ"), new Uint8Array(1024)), "EFI program"],
    "a script": [text("#!/bin/sh\n"), "script"],
    "anything else": [text("hello"), "give a 64-bit x86 vmlinux or bzImage"],
    "a damaged gzip file": [u8(0x1f, 0x8b, 8, 0, 0, 0), "cannot be unpacked with gzip"],
    "a gzip file cut short": [Bun.gzipSync(vmlinux().slice()).subarray(0, 60), "cannot be unpacked with gzip"],
    "a kernel in a zstd file cut short": [
      Bun.zstdCompressSync(buildElf(TEXT.address, [{ address: TEXT.address, bytes: noise(300_000) }])).subarray(
        0,
        200_000,
      ),
      "the file is cut short",
    ],
    "a damaged zstd file": [u8(0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff), "cannot be unpacked with zstd"],
  };
  for (const [name, [file, message]] of Object.entries(cases)) {
    test(name, () => {
      expect(() => parse(file)).toThrow(BootError);
      expect(() => parse(file)).toThrow(message);
    });
  }

  test("in one line, whatever the file is called", () => {
    const source = bytesSource("a\nb\x1b[2J", u8());
    expect(() => parseKernel(source, LIMITS)).toThrow("a\\x0ab\\x1b[2J: the file is empty; get the kernel again");
  });

  test("when it is random bytes", () => {
    const start = fc.constantFrom(
      u8(),
      u8(0x1f, 0x8b, 8),
      u8(0x28, 0xb5, 0x2f, 0xfd),
      u8(0x7f, 0x45, 0x4c, 0x46, 2, 1),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 2048 }), (head, tail) => {
        expect(() => parse(concat(head, tail))).toThrow(BootError);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a decompression bomb is refused", () => {
  const max = 1024 * 1024;
  test.each([
    ["gzip", zlib.gzipSync],
    ["zstd", zlib.zstdCompressSync],
  ] as const)("of %s, one byte over the limit", (_, pack) => {
    const bomb = bytesSource("bomb", pack(new Uint8Array(max + 1)));
    expect(() => unpack(bomb, max)).toThrow(`unpacks to more than ${max} bytes`);
    const atLimit = unpack(bytesSource("large", pack(new Uint8Array(max))), max);
    expect(atLimit.source.size).toBe(max);
  });

  test("when it is too large as it lies", () => {
    const bytes = concat(u8(0x1f, 0x8b), new Uint8Array(100));
    expect(() => unpack(bytesSource("large", bytes), 50)).toThrow("are no kernel");
  });
});

describe("the boot protocol", () => {
  const linux = parse(vmlinux());
  const other = parse(buildElf(TEXT.address, [TEXT, notes(PVH_NOTE)]));
  const plain = parse(buildElf(TEXT.address, [TEXT]));
  const bz = parse(bzImage());

  test.each([
    ["a Linux vmlinux by its 64-bit entry", linux, "auto", "linux", 0x1000000],
    ["another kernel that has a PVH entry by it", other, "auto", "pvh", 0x1000040],
    ["an ELF file without notes by its entry", plain, "auto", "linux", 0x1000000],
    ["a bzImage 512 bytes into it", bz, "auto", "linux", 0x1000200],
    ["a Linux vmlinux by PVH when asked to", linux, "pvh", "pvh", 0x1000040],
    ["another kernel by its ELF entry when asked to", other, "linux", "linux", 0x1000000],
  ] as const)("enters %s", (_, image, wish, protocol, entry) => {
    expect(chooseProtocol(image, wish)).toMatchObject({ protocol, entry });
  });

  test("says why", () => {
    expect(chooseProtocol(linux, "auto").why).toBe("Linux takes a random seed by its 64-bit entry");
    expect(chooseProtocol(plain, "auto").why).toBe("the ELF file has no PVH entry");
  });

  test("is not one the image does not have", () => {
    expect(() => chooseProtocol(bz, "pvh")).toThrow("a bzImage has no PVH entry");
    expect(() => chooseProtocol(plain, "pvh")).toThrow("this kernel has no PVH entry");
  });
});

/** Bytes that do not compress. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return state >>> 24;
  });
}
