import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Fd, O } from "../../../ffi/fd.ts";
import { GuestMemory } from "../../../src/memory/guest.ts";
import { GIB, MIB } from "../../../src/memory/regions.ts";
import { isMapped } from "../../support/resources.ts";
import { systemError } from "../../support/thrown.ts";

/** 3 GiB below the hole, 2 GiB above: no page of it is touched but those a test writes. */
const SIZE = 5 * GIB;
const LOW_END = 3 * GIB;
const HIGH = 4 * GIB;
const HIGH_END = 6 * GIB;

/** Whether a range lies wholly in RAM, in exact arithmetic. */
function isInside(address: number, length: number): boolean {
  if (!Number.isFinite(address) || !Number.isFinite(length) || length < 0) return false;
  const [start, end] = [address, address + length].map((value) => BigInt(Math.trunc(value)));
  const within = (low: number, high: number) => start! >= BigInt(low) && end! <= BigInt(high);
  return within(0, LOW_END) || within(HIGH, HIGH_END);
}

/** Addresses and lengths near every edge there is, and far from all of them. */
const nearEdges = fc
  .tuple(
    fc.constantFrom(0, MIB, LOW_END, HIGH, HIGH_END, 2 ** 32, 2 ** 47, 2 ** 53, 2 ** 64),
    fc.integer({ min: -9, max: 9 }),
  )
  .map(([edge, by]) => edge + by);
const anyNumber = fc.oneof(nearEdges, fc.integer(), fc.maxSafeInteger());
/** What no descriptor holds, but a careless sum might. */
const strange = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -0, 2 ** 1023);

describe("a range of guest memory", () => {
  test("is given out if all of it is RAM, and never otherwise, whatever the numbers", () => {
    using memory = GuestMemory.create(SIZE);
    fc.assert(
      fc.property(anyNumber, anyNumber, (address, length) => {
        expect(memory.hostAddress(address, length) !== -1).toBe(isInside(address, length));
        expect(memory.view(address, length) !== undefined).toBe(isInside(address, length));
      }),
      { numRuns: 2000 },
    );
  });

  test("of no real number is none", () => {
    using memory = GuestMemory.create(SIZE);
    fc.assert(
      fc.property(fc.oneof(anyNumber, strange), strange, (some, odd) => {
        if (!Object.is(odd, -0)) {
          expect([memory.hostAddress(some, odd), memory.view(some, odd)]).toEqual([-1, undefined]);
          expect([memory.hostAddress(odd, 0), memory.view(odd, 0)]).toEqual([-1, undefined]);
        }
      }),
    );
  });

  test.each([
    ["the whole of low RAM", 0, LOW_END, true],
    ["a byte more than low RAM", 0, LOW_END + 1, false],
    ["the last byte below the hole", LOW_END - 1, 1, true],
    ["a byte across into the hole", LOW_END - 1, 2, false],
    ["the hole", LOW_END, HIGH - LOW_END, false],
    ["from below the hole to above", LOW_END - 1, HIGH - LOW_END + 2, false],
    ["the first byte above the hole", HIGH, 1, true],
    ["the byte before that", HIGH - 1, 1, false],
    ["exactly to the end of RAM", HIGH_END - 16, 16, true],
    ["one byte past it", HIGH_END - 16, 17, false],
    ["nothing at the very end", HIGH_END, 0, true],
    ["nothing past the end", HIGH_END + 1, 0, false],
    ["nothing in the hole", LOW_END + 1, 0, false],
    ["a length that would wrap 64 bits", 16, 2 ** 64 - 8, false],
    ["an address below 0", -1, 2, false],
    ["a negative length", 16, -16, false],
  ])("%s", (_, address, length, expected) => {
    using memory = GuestMemory.create(SIZE);
    expect(memory.hostAddress(address, length) !== -1).toBe(expected);
    expect(memory.view(address, length) !== undefined).toBe(expected);
  });

  test("is as long as was asked for", () => {
    using memory = GuestMemory.create(4 * MIB);
    expect(memory.view(4 * MIB - 10, 10)?.length).toBe(10);
    expect(memory.view(100, 0)?.length).toBe(0);
  });
});

describe("guest memory", () => {
  test("knows its size, and how far it goes without a gap", () => {
    using memory = GuestMemory.create(SIZE);
    expect([memory.size, memory.lowEnd]).toEqual([SIZE, LOW_END]);
  });

  test("reads as zero, and holds what is written, on both sides of the hole", () => {
    using memory = GuestMemory.create(SIZE);
    for (const address of [0, LOW_END - 3, HIGH, HIGH_END - 3]) {
      expect([...memory.view(address, 3)!]).toEqual([0, 0, 0]);
      memory.write(address, Uint8Array.of(1, 2, 3));
      expect([...memory.view(address, 3)!]).toEqual([1, 2, 3]);
    }
  });

  test("is the same through another thread's eyes", () => {
    using memory = GuestMemory.create(SIZE);
    const other = GuestMemory.attach(JSON.parse(JSON.stringify(memory.regions)));
    other.write(HIGH + 5, Uint8Array.of(9));
    expect(memory.view(HIGH + 5, 1)![0]).toBe(9);
    expect(other.size).toBe(SIZE);
  });

  test("agrees with the host's addresses modulo 2 MiB, so that huge pages fit both", () => {
    using memory = GuestMemory.create(SIZE);
    for (const { address, hostAddress } of memory.regions) expect((hostAddress - address) % (2 * MIB)).toBe(0);
  });

  test("is unmapped at the end of its scope", () => {
    let address: number;
    {
      using memory = GuestMemory.create(MIB);
      address = memory.regions[0]!.hostAddress;
      expect(isMapped(address)).toBe(true);
    }
    expect(isMapped(address)).toBe(false);
  });

  test("that the host has no room for is an error that says how much it was", () => {
    const error = systemError(() => GuestMemory.create(2 ** 50));
    expect([error.code, error.message]).toEqual(["ENOMEM", expect.stringContaining("1073741824 MiB of guest memory")]);
  });

  test("refuses volt's own writes outside of RAM", () => {
    using memory = GuestMemory.create(MIB);
    expect(() => memory.write(MIB - 1, Uint8Array.of(1, 2))).toThrow(
      new RangeError("2 bytes at guest address 0xfffff are outside RAM"),
    );
  });
});

describe("a file", () => {
  test("is read to where it belongs, and no further", () => {
    using file = new TestFile(Uint8Array.from({ length: 100 }, (_, i) => i));
    using memory = GuestMemory.create(MIB);
    memory.load(0x1000, file.fd, 10, 4);
    expect([...memory.view(0xfff, 6)!]).toEqual([0, 10, 11, 12, 13, 0]);
  });

  test("that is shorter than it was is an error, not a hang", () => {
    using file = new TestFile(new Uint8Array(10));
    using memory = GuestMemory.create(MIB);
    const error = systemError(() => memory.load(0, file.fd, 5, 6));
    expect(error.about).toEndWith("became shorter");
  });

  test("goes to no place outside of RAM", () => {
    using file = new TestFile(new Uint8Array(10));
    using memory = GuestMemory.create(MIB);
    expect(() => memory.load(MIB - 5, file.fd, 0, 10)).toThrow(RangeError);
    expect(() => memory.mapFile(MIB, file.fd, 0, 4096)).toThrow(RangeError);
  });

  test("that is mapped shows in the guest, whose writes do not show in the file", () => {
    using file = new TestFile(new Uint8Array(8192).fill(7));
    using memory = GuestMemory.create(MIB);
    memory.mapFile(0x2000, file.fd, 4096, 4096);
    expect([...memory.view(0x1fff, 2)!]).toEqual([0, 7]);
    memory.write(0x2000, Uint8Array.of(8));
    expect([...file.fd.readAt(4096, 1)]).toEqual([7]);
  });
});

describe("pages given back", () => {
  const PAGE = 4096;
  const hostAddress = (memory: GuestMemory, address: number): number => memory.hostAddress(address, PAGE);

  test("are zeros, and can be used again", () => {
    using memory = GuestMemory.create(MIB);
    memory.view(0, MIB)!.fill(7);
    expect(memory.discard(hostAddress(memory, PAGE), 2 * PAGE)).toBe(2 * PAGE);
    expect([...memory.view(PAGE - 1, 2)!, ...memory.view(3 * PAGE - 1, 2)!]).toEqual([7, 0, 0, 7]);
    memory.write(PAGE, Uint8Array.of(9));
    expect(memory.view(PAGE, 1)![0]).toBe(9);
  });

  test("are whole ones: what is meant of others stays", () => {
    using memory = GuestMemory.create(MIB);
    memory.view(0, MIB)!.fill(7);
    const start = hostAddress(memory, PAGE);
    expect([memory.discard(start + 1, PAGE), memory.discard(start, PAGE - 1), memory.discard(start, 0)]).toEqual([
      0, 0, 0,
    ]);
    expect(memory.discard(start + 1, 2 * PAGE)).toBe(PAGE);
    expect([memory.view(PAGE, 1)![0], memory.view(2 * PAGE, 1)![0]]).toEqual([7, 0]);
  });

  test("of a file that is mapped are zeros too, and the file's other pages stay", () => {
    using file = new TestFile(new Uint8Array(4 * PAGE).fill(7));
    using memory = GuestMemory.create(MIB);
    memory.mapFile(0x2000, file.fd, 0, 4 * PAGE);
    memory.write(0x4000, Uint8Array.of(8));
    expect(memory.discard(hostAddress(memory, 0x3000), 2 * PAGE)).toBe(2 * PAGE);
    expect([0x2000, 0x3000, 0x4000, 0x5000].map((at) => memory.view(at, 1)![0]!)).toEqual([7, 0, 0, 7]);
    expect(memory.discard(hostAddress(memory, 0), 16 * PAGE)).toBe(16 * PAGE);
    expect(memory.view(0, 16 * PAGE)!.every((byte) => byte === 0)).toBe(true);
    memory.write(0x3000, Uint8Array.of(9));
    expect([...file.fd.readAt(0, 4 * PAGE)].every((byte) => byte === 7)).toBe(true);
  });
});

test("bytes at an address of this process are the guest's own; of an address that is not its, an error", () => {
  using memory = GuestMemory.create(MIB);
  const address = memory.hostAddress(0x1000, 8);
  memory.bytesAt(address, 2).set([1, 2]);
  expect([...memory.view(0x1000, 3)!]).toEqual([1, 2, 0]);
  expect(memory.bytesAt(memory.hostAddress(MIB - 4, 4), 100)).toHaveLength(4);
  expect(() => memory.bytesAt(address - MIB, 1)).toThrow(RangeError);
});

class TestFile implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "volt-memory-"));
  readonly fd: Fd;

  constructor(bytes: Uint8Array) {
    writeFileSync(join(this.#folder, "file"), bytes);
    this.fd = Fd.open(join(this.#folder, "file"), O.RDONLY);
  }

  [Symbol.dispose](): void {
    this.fd.close();
    rmSync(this.#folder, { recursive: true });
  }
}
