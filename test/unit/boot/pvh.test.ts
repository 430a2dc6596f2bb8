import { expect, test } from "bun:test";
import { viewOf } from "../../../src/boot/pack.ts";
import { type PvhStart, pvhStartInfo } from "../../../src/boot/pvh.ts";

const start: PvhStart = {
  address: 0x6000,
  commandLineAddress: 0x20000,
  initrd: { address: 0x3000000, size: 0x12345 },
  memoryMap: [
    { address: 0, size: 0x9fc00, type: 1 },
    { address: 0x1_0000_0000, size: 0x4000, type: 2 },
  ],
  rsdpAddress: 0xe0000,
};

/** Offsets are those of the drawings in Xen's arch-x86/hvm/start_info.h. */
test("the start info is version 1 and points to its module and map behind it", () => {
  const bytes = pvhStartInfo(start);
  const view = viewOf(bytes);
  expect([0, 4, 8, 12].map((at) => view.getUint32(at, true))).toEqual([0x336ec578, 1, 0, 1]);
  expect([16, 24, 32, 40].map((at) => view.getBigUint64(at, true))).toEqual([0x6038n, 0x20000n, 0xe0000n, 0x6058n]);
  expect([48, 52].map((at) => view.getUint32(at, true))).toEqual([2, 0]);
  expect([56, 64, 72, 80].map((at) => view.getBigUint64(at, true))).toEqual([0x3000000n, 0x12345n, 0n, 0n]);
  const second = 88 + 24;
  expect([second, second + 8].map((at) => view.getBigUint64(at, true))).toEqual([0x1_0000_0000n, 0x4000n]);
  expect([view.getUint32(second + 16, true), bytes.length]).toEqual([2, 88 + 2 * 24]);
});

test("without an initrd there is no module, and no pointer to one", () => {
  const view = viewOf(pvhStartInfo({ ...start, initrd: undefined }));
  expect([view.getUint32(12, true), view.getBigUint64(16, true)]).toEqual([0, 0n]);
  expect(view.getBigUint64(40, true)).toBe(0x6038n);
});
