import { describe, expect, test } from "bun:test";
import { viewOf } from "../../../src/boot/pack.ts";
import { type BootParams, rngSeedSetupData, zeroPage } from "../../../src/boot/zero-page.ts";
import { bzImage } from "./fixtures.ts";

const params: BootParams = {
  setupHeader: undefined,
  commandLineAddress: 0x20000,
  initrd: { address: 0x3000000, size: 0x12345 },
  e820: [
    { address: 0, size: 0x9fc00, type: 1 },
    { address: 0x1_0000_0000, size: 0x1_4000_0000, type: 2 },
  ],
  rsdpAddress: 0xe0000,
  setupDataAddress: 0x21000,
};
const page = (changes: Partial<BootParams> = {}) => viewOf(zeroPage({ ...params, ...changes }));

/** Offsets here are the numbers of Linux's Documentation/x86/zero-page.rst and boot.rst, not the source's names. */
describe("the zero page", () => {
  test("is one page", () => {
    expect(page().byteLength).toBe(4096);
  });

  test("of a vmlinux has a header that Linux takes for valid", () => {
    expect(page().getUint16(0x1fe, true)).toBe(0xaa55);
    expect(page().getUint32(0x202, true)).toBe(0x53726448);
    expect(page().getUint16(0x206, true)).toBe(0x020f);
    expect(page().getUint8(0x210)).toBe(0xff);
    expect(page().getUint8(0x211)).toBe(1);
    expect(page().getUint32(0x230, true)).toBe(0x200000);
    expect(page().getUint32(0x238, true)).toBe(2047);
  });

  test("of a bzImage has that file's header and nothing else of the file", () => {
    const file = bzImage().fill(0xcc, 0, 0x1f1);
    const view = page({ setupHeader: file.slice(0x1f1, 0x26c) });
    expect(view.getUint32(0x260, true)).toBe(0x2000000);
    expect(view.getUint8(0x1ef)).toBe(0);
    expect(view.getUint8(0x210)).toBe(0xff);
    expect(view.getUint32(0x228, true)).toBe(0x20000);
  });

  test("points to command line, initrd, RSDP and setup data", () => {
    expect(page().getUint32(0x228, true)).toBe(0x20000);
    expect(page().getUint32(0x218, true)).toBe(0x3000000);
    expect(page().getUint32(0x21c, true)).toBe(0x12345);
    expect(page().getBigUint64(0x070, true)).toBe(0xe0000n);
    expect(page().getBigUint64(0x250, true)).toBe(0x21000n);
  });

  test("has zeros for what there is not", () => {
    const view = page({ initrd: undefined, rsdpAddress: undefined, setupDataAddress: undefined });
    for (const [offset, size] of [
      [0x218, 8],
      [0x070, 8],
      [0x250, 8],
      [0x0c0, 12],
    ] as const) {
      expect(new Uint8Array(view.buffer, offset, size).every((byte) => byte === 0)).toBe(true);
    }
  });

  test("splits what does not fit 32 bits", () => {
    const view = page({ initrd: { address: 0x2_8000_0000, size: 0x1_0000_0001 }, commandLineAddress: 0x3_0000_1000 });
    expect([view.getUint32(0x218, true), view.getUint32(0x0c0, true)]).toEqual([0x80000000, 2]);
    expect([view.getUint32(0x21c, true), view.getUint32(0x0c4, true)]).toEqual([1, 1]);
    expect([view.getUint32(0x228, true), view.getUint32(0x0c8, true)]).toEqual([0x1000, 3]);
  });

  test("has the memory map, 20 bytes an entry", () => {
    expect(page().getUint8(0x1e8)).toBe(2);
    expect(page().getBigUint64(0x2d0 + 20, true)).toBe(0x1_0000_0000n);
    expect(page().getBigUint64(0x2d0 + 28, true)).toBe(0x1_4000_0000n);
    expect(page().getUint32(0x2d0 + 36, true)).toBe(2);
  });

  test("takes 128 map entries and refuses 129", () => {
    const entries = (n: number) => Array.from({ length: n }, (_, i) => ({ address: i * 8192, size: 4096, type: 1 }));
    expect(page({ e820: entries(128) }).getUint8(0x1e8)).toBe(128);
    expect(() => page({ e820: entries(129) })).toThrow("129 memory map entries");
  });
});

test("the RNG seed is a setup_data node of type 9, the last of its list", () => {
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
  const node = rngSeedSetupData(seed);
  const view = viewOf(node);
  expect([view.getBigUint64(0, true), view.getUint32(8, true), view.getUint32(12, true)]).toEqual([0n, 9, 32]);
  expect(node.subarray(16)).toEqual(seed);
});
