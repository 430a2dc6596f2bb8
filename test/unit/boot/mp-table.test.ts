import { expect, test } from "bun:test";
import { mpTable } from "../../../src/boot/mp-table.ts";
import { viewOf } from "../../../src/boot/pack.ts";

const platform = {
  address: 0x9fc00,
  apicIds: [0, 1, 5],
  cpuSignature: 0x806f8,
  cpuFeatures: 0x1783fbff,
  localApicAddress: 0xfee00000,
  ioApic: { id: 6, address: 0xfec00000, pins: 24 },
};
const bytes = mpTable(platform);
const pointer = bytes.subarray(0, 16);
const table = bytes.subarray(16);
const sum = (part: Uint8Array) => part.reduce((total, byte) => (total + byte) & 0xff, 0);
const text = (part: Uint8Array) => new TextDecoder().decode(part);

/** Sizes of the entries by their type (MP specification 1.4, table 4-3). */
function entries(): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 44; at < table.length; ) {
    const size = table[at] === 0 ? 20 : 8;
    out.push(table.subarray(at, at + size));
    at += size;
  }
  return out;
}
const ofType = (type: number) => entries().filter((entry) => entry[0] === type);

test("the floating pointer is one valid paragraph and leads to the table behind it", () => {
  expect(text(pointer.subarray(0, 4))).toBe("_MP_");
  expect(viewOf(pointer).getUint32(4, true)).toBe(0x9fc10);
  expect([...pointer.subarray(8, 10), ...pointer.subarray(11)]).toEqual([1, 4, 0, 0, 0, 0, 0]);
  expect(sum(pointer)).toBe(0);
});

test("the table's header has its length, its number of entries and a right checksum", () => {
  expect(text(table.subarray(0, 4))).toBe("PCMP");
  expect(viewOf(table).getUint16(4, true)).toBe(table.length);
  expect(table[6]).toBe(4);
  expect(viewOf(table).getUint16(34, true)).toBe(entries().length);
  expect(viewOf(table).getUint32(36, true)).toBe(0xfee00000);
  expect(sum(table)).toBe(0);
});

test("every CPU is enabled, the first one boots", () => {
  expect(ofType(0).map((cpu) => [cpu[1], cpu[3]])).toEqual([
    [0, 3],
    [1, 1],
    [5, 1],
  ]);
  expect(viewOf(ofType(0)[2] as Uint8Array).getUint32(4, true)).toBe(0x806f8);
});

test("there is one ISA bus and one I/O APIC", () => {
  expect(ofType(1).map((bus) => text(bus.subarray(2)))).toEqual(["ISA   "]);
  const [ioApic] = ofType(2) as [Uint8Array];
  expect([ioApic[1], ioApic[3], viewOf(ioApic).getUint32(4, true)]).toEqual([6, 1, 0xfec00000]);
});

test("all 24 pins are edge-triggered ISA interrupts of the same number", () => {
  const pins = ofType(3).map((entry) => [...entry.subarray(1)]);
  expect(pins).toEqual(Array.from({ length: 24 }, (_, pin) => [0, 5, 0, 0, pin, 6, pin]));
});

test("LINT0 of the boot CPU takes ExtINT, LINT1 of all takes NMI", () => {
  expect(ofType(4).map((lint) => [lint[1], lint[6], lint[7]])).toEqual([
    [3, 0, 0],
    [1, 0xff, 1],
  ]);
});

test("32 CPUs fit the kilobyte in which Linux looks", () => {
  expect(mpTable({ ...platform, apicIds: Array.from({ length: 32 }, (_, i) => i) }).length).toBeLessThanOrEqual(1024);
});
