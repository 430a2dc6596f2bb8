import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Fd, O } from "../../../ffi/fd.ts";
import type { Range } from "../../../src/boot/e820.ts";
import { fileSource } from "../../../src/boot/file-source.ts";
import { type KernelImage, parseKernel } from "../../../src/boot/kernel.ts";
import { type LoadMode, loadKernel, placeInitrd } from "../../../src/boot/load.ts";
import { GuestMemory } from "../../../src/memory/guest.ts";
import { MIB } from "../../../src/memory/regions.ts";
import { buildElf, bzImage, LIMITS } from "./fixtures.ts";

/** A kernel file, parsed. */
class KernelFile implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "volt-load-"));
  readonly fd: Fd;
  readonly image: KernelImage;

  constructor(bytes: Uint8Array) {
    const path = join(this.#folder, "kernel");
    writeFileSync(path, bytes);
    this.fd = Fd.open(path, O.RDONLY);
    this.image = parseKernel(fileSource(this.fd, path, bytes.length), LIMITS);
  }

  /** Loads it into 64 MiB. */
  load(memory: GuestMemory, mode: LoadMode): Range {
    return loadKernel(memory, this.image, this.fd, mode);
  }

  [Symbol.dispose](): void {
    this.fd.close();
    rmSync(this.#folder, { recursive: true });
  }
}

/** `size` bytes, none of them 0. */
const patterned = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i % 255) + 1);

describe("an ELF kernel", () => {
  /** Where a file's first segment lies: behind the headers of `count` segments. */
  const headers = (count: number) => 64 + count * 56;

  test.each(["map", "copy"] as const)("is where its segments say, by %s, with zeros behind each", (mode) => {
    const [text, data] = [patterned(20_000), patterned(5_000)];
    // The first can be mapped (file and address agree modulo 4 KiB), the second can't.
    const segments = [
      { address: 0x100_0000 + headers(2), bytes: text, memorySize: 30_000 },
      { address: 0x180_0123, bytes: data, memorySize: 9_000 },
    ];
    using file = new KernelFile(buildElf(segments[0]!.address, segments));
    using memory = GuestMemory.create(64 * MIB);
    const range = file.load(memory, mode);
    for (const { address, bytes, memorySize } of segments) {
      expect(memory.view(address, bytes.length)).toEqual(bytes);
      expect(memory.view(address + bytes.length, memorySize - bytes.length)!.every((byte) => byte === 0)).toBe(true);
      expect(memory.view(address - 1, 1)![0]).toBe(0);
    }
    expect(range).toEqual({ address: segments[0]!.address, size: 0x180_0123 + 9_000 - segments[0]!.address });
  });

  test("that is compressed is unpacked and copied, also where mapping was asked for", () => {
    const bytes = patterned(10_000);
    using file = new KernelFile(Bun.gzipSync(Uint8Array.from(buildElf(0x100_0000, [{ address: 0x100_0000, bytes }]))));
    using memory = GuestMemory.create(64 * MIB);
    file.load(memory, "map");
    expect(memory.view(0x100_0000, bytes.length)).toEqual(bytes);
  });

  test("of any size and place is the same by map and by copy", () => {
    const at = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 20_000 }), (by, size) => {
        const address = 0x100_0000 + by;
        using file = new KernelFile(buildElf(address, [{ address, bytes: patterned(size) }]));
        using mapped = GuestMemory.create(64 * MIB);
        using copied = GuestMemory.create(64 * MIB);
        expect(file.load(mapped, "map")).toEqual(file.load(copied, "copy"));
        const whole = [address - 4096, size + 8192] as const;
        expect(mapped.view(...whole)!).toEqual(copied.view(...whole)!);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a bzImage", () => {
  test("has its protected-mode part at its load address, and all that it wants while it unpacks is taken", () => {
    const bytes = bzImage();
    using file = new KernelFile(bytes);
    using memory = GuestMemory.create(64 * MIB);
    expect(file.load(memory, "copy")).toEqual({ address: 0x100_0000, size: 0x200_0000 });
    expect(memory.view(0x100_0000, 1024)).toEqual(bytes.slice(1024));
  });
});

describe("an initrd", () => {
  using file = new KernelFile(bzImage());
  const image = file.image;
  const kernel = { address: 0x100_0000, size: 0x200_0000 };
  const end = kernel.address + kernel.size;

  test("lies page-aligned at the top of low memory", () => {
    using memory = GuestMemory.create(128 * MIB);
    expect(placeInitrd("i", 5_000, memory, image, kernel)).toEqual({ address: 128 * MIB - 8192, size: 5_000 });
  });

  test("lies below what the kernel's header allows", () => {
    using memory = GuestMemory.create(3072 * MIB);
    const { address } = placeInitrd("i", 4096, memory, image, kernel);
    expect(address + 4096).toBe(0x8000_0000);
  });

  test("may touch the kernel's end, and not cross it by a byte", () => {
    using memory = GuestMemory.create(64 * MIB);
    const room = 64 * MIB - end;
    expect(placeInitrd("i", room, memory, image, kernel)).toEqual({ address: end, size: room });
    expect(() => placeInitrd("i", room + 1, memory, image, kernel)).toThrow(
      `i: an initrd of ${room + 1} bytes does not fit beside the kernel; give the guest more memory, for example --memory 81M`,
    );
  });

  test("that is larger than all memory is told so, and no address below 0 is tried", () => {
    using memory = GuestMemory.create(64 * MIB);
    for (const size of [64 * MIB, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      expect(() => placeInitrd("i", size, memory, image, kernel)).toThrow(/does not fit beside the kernel/);
    }
  });

  test("of any size in any memory is in RAM and clear of the kernel, or refused", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 * MIB }), fc.integer({ min: 49, max: 300 }), (size, mib) => {
        using memory = GuestMemory.create(mib * MIB);
        try {
          const { address } = placeInitrd("i", size, memory, image, kernel);
          expect([address % 4096, address >= end, address + size <= mib * MIB]).toEqual([0, true, true]);
        } catch (error) {
          expect((error as Error).message).toContain("does not fit");
          expect(mib * MIB - end).toBeLessThan(size + 4096);
        }
      }),
    );
  });
});
