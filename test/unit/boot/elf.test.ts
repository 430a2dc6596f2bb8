import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseElf } from "../../../src/boot/elf.ts";
import { BootError } from "../../../src/boot/error.ts";
import { concat, u8, u16, u32, u64 } from "../../../src/boot/pack.ts";
import { bytesSource } from "../../../src/boot/source.ts";
import { buildElf, EHDR, LIMITS, LINUX_NOTE, note, notes, PVH_NOTE, patched, phdr, TEXT, vmlinux } from "./fixtures.ts";

const parse = (file: Uint8Array, limits = LIMITS) => parseElf(bytesSource("vmlinux", file), limits);
const HUGE = u64(2 ** 53 - 1);
const ALL_ONES = new Uint8Array(8).fill(0xff);

describe("a good ELF kernel", () => {
  test("gives its segments, entries and origin", () => {
    expect(parse(vmlinux())).toEqual({
      entry: 0x1000000,
      pvhEntry: 0x1000040,
      isLinux: true,
      segments: [{ fileOffset: 64 + 2 * 56, fileSize: 256, memorySize: 0x1000, guestAddress: 0x1000000, flags: 5 }],
    });
  });

  test("needs no notes", () => {
    expect(parse(buildElf(TEXT.address, [TEXT]))).toMatchObject({ pvhEntry: undefined, isLinux: false });
  });

  test("may have its PVH entry as 8 bytes", () => {
    const pvh = note("Xen", 18, u64(0x1000080));
    expect(parse(buildElf(TEXT.address, [TEXT, notes(pvh)])).pvhEntry).toBe(0x1000080);
  });

  test("may align its notes to 8 bytes", () => {
    const aligned = concat(note("GNU", 5, u32(1), 8), note("Xen", 18, u64(0x1000080), 8));
    expect(parse(buildElf(TEXT.address, [TEXT, notes(aligned, 8)])).pvhEntry).toBe(0x1000080);
  });

  test("is found by Xen's note 18 only, not by another owner's or type", () => {
    const others = concat(note("Xan", 18, u32(0x1000040)), note("Xen", 17, u32(0x1000040)));
    expect(parse(buildElf(TEXT.address, [TEXT, notes(others)])).pvhEntry).toBeUndefined();
  });

  test("has its segments sorted by address, empty ones left out", () => {
    const low = { address: 0x200000, bytes: u8(1, 2, 3, 4) };
    const empty = { address: 0, bytes: u8() };
    const { segments } = parse(buildElf(TEXT.address, [TEXT, empty, low]));
    expect(segments.map((s) => s.guestAddress)).toEqual([0x200000, 0x1000000]);
  });

  test("may touch the end of memory and the next segment exactly", () => {
    const next = { address: TEXT.address + 0x1000, bytes: u8(1) };
    const file = buildElf(TEXT.address, [TEXT, next]);
    expect(parse(file, { lowest: TEXT.address, highest: TEXT.address + 0x1001 }).segments).toHaveLength(2);
    expect(() => parse(file, { lowest: TEXT.address, highest: TEXT.address + 0x1000 })).toThrow("--memory");
  });
});

describe("a hostile ELF file is refused", () => {
  const spoilt = (offset: number, bytes: Uint8Array) => () => parse(patched(vmlinux(), offset, bytes));
  const cases: Record<string, [() => unknown, string]> = {
    "when its header is cut short": [() => parse(vmlinux().subarray(0, 63)), "ELF header ends after 63 bytes"],
    "when it is no ELF": [spoilt(0, u8(0x7e)), "no ELF file"],
    "when it is a 32-bit one": [spoilt(EHDR.class, u8(1)), "32-bit ELF"],
    "when it is big-endian": [spoilt(EHDR.data, u8(2)), "big-endian"],
    "when it is for arm64": [spoilt(EHDR.machine, u16(183)), "for arm64"],
    "when it is for an unheard-of machine": [spoilt(EHDR.machine, u16(9999)), "e_machine 9999"],
    "when it is an object file": [spoilt(EHDR.type, u16(1)), "not an executable"],
    "when it is a core dump": [spoilt(EHDR.type, u16(4)), "not an executable"],
    "when it has no program headers": [spoilt(EHDR.phnum, u16(0)), "0 program headers"],
    "when it has 65535 program headers": [spoilt(EHDR.phnum, u16(65535)), "65535 program headers"],
    "when its program headers are of another size": [spoilt(EHDR.phentsize, u16(32)), "have 32 bytes"],
    "when its program headers lie past the end": [spoilt(EHDR.phoff, u64(4096)), "past the end of the file"],
    "when its program headers' offset wraps around": [spoilt(EHDR.phoff, ALL_ONES), "past the end of the file"],
    "when its one segment is not to be loaded": [spoilt(phdr(0, "type"), u32(6)), "nothing to load"],
    "when it wants an interpreter": [spoilt(phdr(1, "type"), u32(3)), "not a kernel"],
    "when a segment is smaller in memory than in the file": [
      spoilt(phdr(0, "memsz"), u64(255)),
      "than in memory (255)",
    ],
    "when a segment lies past the end of the file": [spoilt(phdr(0, "offset"), u64(4096)), "cut short"],
    "when a segment's offset wraps around": [spoilt(phdr(0, "offset"), ALL_ONES), "cut short"],
    "when a segment would lie over the zero page": [spoilt(phdr(0, "paddr"), u64(0x7000)), "boot tables"],
    "when a segment lies outside RAM": [spoilt(phdr(0, "paddr"), u64(0x10000000)), "--memory"],
    "when a segment reaches outside RAM": [spoilt(phdr(0, "memsz"), u64(0x7000001)), "--memory"],
    "when a segment's address is 2^64 - 1": [spoilt(phdr(0, "paddr"), ALL_ONES), "--memory"],
    "when a segment's address and size wrap around": [spoilt(phdr(0, "memsz"), ALL_ONES), "--memory"],
    "when a segment is as large as a number can be": [spoilt(phdr(0, "memsz"), HUGE), "--memory"],
    "when two segments overlap by a byte": [
      () => parse(buildElf(TEXT.address, [TEXT, { address: TEXT.address + 0xfff, bytes: u8(1, 2) }])),
      "overlap at 0x1000fff",
    ],
    "when the entry is before its segments": [spoilt(EHDR.entry, u64(0xffffff)), "entry point 0xffffff"],
    "when the entry is right behind its segment": [spoilt(EHDR.entry, u64(0x1001000)), "entry point 0x1001000"],
    "when the entry is a virtual address": [spoilt(EHDR.entry, ALL_ONES), "entry point"],
    "when its notes lie past the end of the file": [spoilt(phdr(1, "offset"), u64(1e6)), "cut short"],
    "when it claims gigabytes of notes": [spoilt(phdr(1, "filesz"), u64(2 ** 32)), "bytes of ELF notes"],
    "when a note runs past its segment": [
      () => parse(buildElf(TEXT.address, [TEXT, notes(PVH_NOTE.subarray(0, PVH_NOTE.length - 1))])),
      "note runs past",
    ],
    "when a note's sizes are all ones": [
      () => parse(buildElf(TEXT.address, [TEXT, notes(ALL_ONES.slice(0, 12)), notes(new Uint8Array(12).fill(0xff))])),
      "note runs past",
    ],
    "when its PVH entry has 3 bytes": [
      () => parse(buildElf(TEXT.address, [TEXT, notes(note("Xen", 18, u8(1, 2, 3)))])),
      "3 bytes instead of 4 or 8",
    ],
    "when its PVH entry is in no segment": [
      () => parse(buildElf(TEXT.address, [TEXT, notes(note("Xen", 18, u32(0x42)))])),
      "PVH entry point 0x42",
    ],
  };
  for (const [name, [attempt, message]] of Object.entries(cases)) {
    test(name, () => {
      expect(attempt).toThrow(BootError);
      expect(attempt).toThrow(message);
    });
  }

  test("at whatever byte it is cut", () => {
    const file = vmlinux();
    for (let length = 0; length < file.length; length++) {
      expect(() => parse(file.subarray(0, length))).toThrow(BootError);
    }
  });
});

test("an ELF file spoilt at random is refused or fits the limits and the file", () => {
  const file = concat(vmlinux(), LINUX_NOTE);
  const spot = fc.record({ at: fc.nat(64 + 2 * 56 - 1), byte: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(spot, { minLength: 1, maxLength: 6 }), (spots) => {
      const copy = file.slice();
      for (const { at, byte } of spots) {
        copy[at] = byte;
      }
      for (const segment of imageOrRefusal(copy)?.segments ?? []) {
        expect(segment.guestAddress).toBeGreaterThanOrEqual(LIMITS.lowest);
        expect(segment.guestAddress + segment.memorySize).toBeLessThanOrEqual(LIMITS.highest);
        expect(segment.fileOffset + segment.fileSize).toBeLessThanOrEqual(copy.length);
      }
    }),
    { numRuns: 5000 },
  );
});

/** Anything but a BootError fails the test. */
function imageOrRefusal(file: Uint8Array) {
  try {
    return parse(file);
  } catch (error) {
    expect(error).toBeInstanceOf(BootError);
    return undefined;
  }
}
