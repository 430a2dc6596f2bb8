import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseBzImage, payloadCompression } from "../../../src/boot/bzimage.ts";
import { BootError } from "../../../src/boot/error.ts";
import { u8, u16, u32, u64 } from "../../../src/boot/pack.ts";
import { HEADER } from "../../../src/boot/setup-header.ts";
import { bytesSource } from "../../../src/boot/source.ts";
import { bzImage, LIMITS, patched } from "./fixtures.ts";

const parse = (file: Uint8Array, limits = LIMITS) => parseBzImage(bytesSource("vmlinuz", file), limits);
const spoilt = (field: number, bytes: Uint8Array) => patched(bzImage(), field, bytes);

describe("a good bzImage", () => {
  test("gives what its header says", () => {
    expect(parse(bzImage())).toEqual({
      version: 0x020f,
      kernelOffset: 1024,
      kernelSize: 1024,
      loadAddress: 0x1000000,
      alignment: 0x200000,
      relocatable: true,
      initSize: 0x2000000,
      commandLineMax: 2047,
      initrdAddressMax: 0x7fffffff,
      above4G: true,
      payloadOffset: 1024 + 0x100,
      payloadLength: 64,
      setupHeader: bzImage().slice(0x1f1, 0x26c),
    });
  });

  test("has four setup sectors where it says none", () => {
    const file = new Uint8Array(5 * 512 + 1024);
    file.set(spoilt(HEADER.setup_sects, u8(0)));
    expect(parse(file).kernelOffset).toBe(5 * 512);
  });

  test("may be followed by a signature", () => {
    const signed = new Uint8Array(4096);
    signed.set(bzImage());
    expect(parse(signed).kernelSize).toBe(1024);
  });

  test("may fill memory to its last byte, and not one more", () => {
    const highest = 0x1000000 + 0x2000000;
    expect(parse(bzImage(), { lowest: 0x1000000, highest }).initSize).toBe(0x2000000);
    expect(() => parse(bzImage(), { lowest: 0x1000000, highest: highest - 1 })).toThrow("--memory");
  });

  test.each([
    ["gzip", u8(0x1f, 0x8b)],
    ["xz", u8(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)],
    ["zstd", u8(0x28, 0xb5, 0x2f, 0xfd)],
    ["lz4", u8(2, 0x21, 0x4c, 0x18)],
    ["lzma", u8(0x5d, 0, 0, 0, 1)],
    ["bzip2", u8(0x42, 0x5a, 0x68)],
    ["lzo", u8(0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a, 0x0a)],
    [undefined, u8(0, 0, 0, 0)],
  ] as const)("with a payload of %s is told by its magic", (compression, magic) => {
    const source = bytesSource("vmlinuz", patched(bzImage(), 1024 + 0x100, magic));
    expect(payloadCompression(source, parseBzImage(source, LIMITS))).toBe(compression);
  });
});

describe("a bad bzImage is refused", () => {
  const cases: Record<string, [Uint8Array, string]> = {
    "without the boot flag": [spoilt(HEADER.boot_flag, u16(0)), "no bzImage"],
    "without HdrS": [spoilt(HEADER.header, u32(0)), "no bzImage"],
    "that ends in its header": [bzImage().subarray(0, 0x250), "cut short"],
    "that ends in its kernel": [bzImage().subarray(0, 2047), "promises 2048 bytes, the file has 2047"],
    "that claims 64 GiB of kernel": [spoilt(HEADER.syssize, u32(0xffffffff)), "cut short"],
    "of protocol 2.11": [spoilt(HEADER.version, u16(0x020b)), "boot protocol 2.11"],
    "without a 64-bit entry": [spoilt(HEADER.xloadflags, u16(0)), "no 64-bit entry"],
    "whose payload is empty": [spoilt(HEADER.payload_length, u32(0)), "outside its bzImage"],
    "whose payload ends past its kernel": [spoilt(HEADER.payload_length, u32(0x301)), "outside its bzImage"],
    "whose payload starts past its kernel": [spoilt(HEADER.payload_offset, u32(0xffffffff)), "outside its bzImage"],
    "whose setup header is too short": [spoilt(HEADER.jump + 1, u8(0x10)), "ends at byte 530"],
    "whose setup header is too long": [spoilt(HEADER.jump + 1, u8(0xff)), "ends at byte 769"],
    "whose alignment is 0": [spoilt(HEADER.kernel_alignment, u32(0)), "not aligned"],
    "whose load address is not aligned": [spoilt(HEADER.pref_address, u64(0x1100000)), "not aligned"],
    "that wants to lie over the zero page": [spoilt(HEADER.pref_address, u64(0)), "boot tables"],
    "that wants to lie outside RAM": [spoilt(HEADER.pref_address, u64(2 ** 40)), "--memory"],
    "whose load address is close to 2^64": [
      spoilt(HEADER.pref_address, u8(0, 0, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff)),
      "--memory",
    ],
    "that needs more than there is": [spoilt(HEADER.init_size, u32(0xffffffff)), "--memory"],
  };
  for (const [name, [file, message]] of Object.entries(cases)) {
    test(name, () => {
      expect(() => parse(file)).toThrow(BootError);
      expect(() => parse(file)).toThrow(message);
    });
  }

  test("at whatever byte it is cut", () => {
    for (let length = 0; length < 2048; length++) {
      expect(() => parse(bzImage().subarray(0, length))).toThrow(BootError);
    }
  });
});

test("a bzImage spoilt at random is refused or lies inside file and memory", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x1f1, max: 0x268 }), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, bytes) => {
      const file = patched(bzImage(), at, bytes);
      try {
        const image = parse(file);
        expect(image.kernelOffset + image.kernelSize).toBeLessThanOrEqual(file.length);
        expect(image.payloadOffset + image.payloadLength).toBeLessThanOrEqual(file.length);
        expect(image.loadAddress).toBeGreaterThanOrEqual(LIMITS.lowest);
        expect(image.loadAddress + image.initSize).toBeLessThanOrEqual(LIMITS.highest);
      } catch (error) {
        expect(error).toBeInstanceOf(BootError);
      }
    }),
    { numRuns: 5000 },
  );
});
