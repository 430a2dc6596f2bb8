import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseElf } from "../../../../src/boot/elf.ts";
import { concat, u64 } from "../../../../src/boot/pack.ts";
import { bytesSource } from "../../../../src/boot/source.ts";
import { layOutElf } from "../../../../src/kernels/image/layout-elf.ts";
import { ANYWHERE } from "../../../../src/kernels/image/unpack.ts";
import { buildElf, LINUX_NOTE, notes, PVH_NOTE, patched, phdr, TEXT } from "../../boot/fixtures.ts";
import { linux } from "../home.ts";

const layOut = (elf: Uint8Array) => layOutElf(bytesSource("vmlinux", elf));
const parse = (elf: Uint8Array) => parseElf(bytesSource("vmlinux", elf), ANYWHERE);

/** What guest memory holds once a kernel is loaded. */
function loaded(elf: Uint8Array): Map<number, string> {
  return new Map(
    parse(elf).segments.map(({ guestAddress, fileOffset, fileSize, memorySize }) => {
      const memory = Buffer.alloc(memorySize);
      memory.set(elf.subarray(fileOffset, fileOffset + fileSize));
      return [guestAddress, memory.toString("hex")];
    }),
  );
}

describe("a kernel laid out for the store", () => {
  test("loads the same bytes at the same places, and has the same entries", () => {
    const before = linux("x");
    const after = layOut(before);
    expect(loaded(after)).toEqual(loaded(before));
    const { segments: _, ...entries } = parse(before);
    expect(parse(after)).toMatchObject(entries);
  });

  test("has every segment where its pages can be mapped", () => {
    const address = TEXT.address;
    const bytes = new Uint8Array(5000).fill(1);
    const file = layOut(
      buildElf(address, [
        { address, bytes },
        { address: address + 0x3123, bytes },
        notes(concat(LINUX_NOTE, PVH_NOTE)),
        { address: address + 0x5fff, bytes },
      ]),
    );
    const offsets = parse(file).segments.map(({ fileOffset, guestAddress }) => (fileOffset - guestAddress) % 4096);
    expect(offsets.map(Math.abs)).toEqual([0, 0, 0]);
  });

  test("is the same when it is laid out again", () => {
    const once = layOut(linux("x"));
    expect(layOut(once)).toEqual(once);
  });

  test("has left the zeros behind that end its segments, and what follows the last one", () => {
    const padded = concat(linux("x"), new Uint8Array(100_000).fill(0xee));
    expect(layOut(padded)).toEqual(layOut(linux("x")));
    expect(parse(layOut(padded)).segments[0]).toMatchObject({ fileSize: 2500, memorySize: 0x4000 });
  });

  test("any segments load the same bytes at the same places", () => {
    const segment = fc.record({
      gap: fc.integer({ min: 0, max: 9000 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 9000 }),
      more: fc.integer({ min: 0, max: 5000 }),
    });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (list) => {
        let address = TEXT.address;
        const elf = buildElf(
          TEXT.address,
          list.map(({ gap, bytes, more }, i) => {
            const at = i === 0 ? address : address + gap;
            address = at + bytes.length + more;
            return { address: at, bytes, memorySize: bytes.length + more };
          }),
        );
        expect(loaded(layOut(elf))).toEqual(loaded(elf));
      }),
      { numRuns: 50 },
    );
  });
});

test("segments that share bytes of the file until they are more than any kernel are refused", () => {
  const size = 2 ** 20;
  const many = Array.from({ length: 120 }, (_, i) => ({
    address: TEXT.address + i * 8 * size,
    bytes: i === 0 ? new Uint8Array(5 * size) : new Uint8Array(1),
    memorySize: 5 * size,
  }));
  let elf = buildElf(TEXT.address, many);
  const offset = 64 + 120 * 56;
  for (let i = 1; i < 120; i++) {
    elf = patched(elf, phdr(i, "offset"), u64(offset));
    elf = patched(elf, phdr(i, "filesz"), u64(5 * size));
  }
  expect(() => layOut(elf)).toThrow(/^vmlinux: its segments have \d+ bytes; the file is damaged/);
});
