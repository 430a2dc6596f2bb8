import { expect, test } from "bun:test";
import { MachineBlock, type Part } from "../../../src/machine/block.ts";

const PARTS: readonly Part[] = ["control", "handover", "timeline", "exits", "serial", "i8042", "rtc", "power"];

test("virtio's part starts on a page, as KVM wants what a guest is to read", () => {
  expect(MachineBlock.create().addressOf("virtio") % 4096).toBe(0);
});

test("parts start zeroed, do not overlap, and are the same memory from another thread", () => {
  const block = MachineBlock.create();
  const other = MachineBlock.attach(block.address);
  for (const [i, part] of PARTS.entries()) {
    const bytes = new Uint8Array(block.part(part));
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    bytes.fill(i + 1);
  }
  for (const [i, part] of PARTS.entries()) {
    expect(new Uint8Array(other.part(part)).every((byte) => byte === i + 1)).toBe(true);
  }
});
