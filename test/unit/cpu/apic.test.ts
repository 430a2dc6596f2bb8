import { expect, test } from "bun:test";
import { wireLocalInterrupts } from "../../../src/cpu/apic.ts";

const LINT0 = 0x350;
const LINT1 = 0x360;

test("LINT0 takes the PIC's interrupts and LINT1 is NMI; the rest of each entry stays", () => {
  const page = new Uint8Array(0x400);
  const view = new DataView(page.buffer);
  view.setUint32(LINT0, 0x1_0042, true);
  view.setUint32(LINT1, 0x0001_0343, true);
  expect(wireLocalInterrupts(page)).toBe(page);
  expect([view.getUint32(LINT0, true), view.getUint32(LINT1, true)]).toEqual([0x1_0742, 0x1_0443]);
});

test("no other register changes, and a page that is part of a larger block is found", () => {
  const block = new Uint8Array(0x500).fill(0xaa);
  const before = block.slice();
  wireLocalInterrupts(block.subarray(0x100));
  const changed = [...block.keys()].filter((i) => block[i] !== before[i]).map((i) => i - 0x100);
  expect(changed.every((i) => (i >= LINT0 && i < LINT0 + 4) || (i >= LINT1 && i < LINT1 + 4))).toBe(true);
  expect(changed.length).toBeGreaterThan(0);
});
