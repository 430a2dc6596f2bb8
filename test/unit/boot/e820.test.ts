import { expect, test } from "bun:test";
import fc from "fast-check";
import { E820_TYPE, e820Map } from "../../../src/boot/e820.ts";

const { RAM, RESERVED, ACPI } = E820_TYPE;

test("a PC's map has RAM to the EBDA, a reserved hole to 1 MiB, and RAM on both sides of the MMIO hole", () => {
  const map = e820Map({
    ram: [
      { address: 0, size: 0xc0000000 },
      { address: 0x100000000, size: 0x40000000 },
    ],
    reserved: [
      { address: 0xe0000, size: 0x10000, type: ACPI },
      { address: 0x9fc00, size: 0x100000 - 0x9fc00 },
    ],
  });
  expect(map).toEqual([
    { address: 0, size: 0x9fc00, type: RAM },
    { address: 0x9fc00, size: 0xe0000 - 0x9fc00, type: RESERVED },
    { address: 0xe0000, size: 0x10000, type: ACPI },
    { address: 0xf0000, size: 0x10000, type: RESERVED },
    { address: 0x100000, size: 0xbff00000, type: RAM },
    { address: 0x100000000, size: 0x40000000, type: RAM },
  ]);
});

test("a reserved range outside RAM is reported too", () => {
  const map = e820Map({ ram: [{ address: 0, size: 4096 }], reserved: [{ address: 0xfee00000, size: 4096 }] });
  expect(map.at(-1)).toEqual({ address: 0xfee00000, size: 4096, type: RESERVED });
});

test("neighbours of one type are merged, empty ranges left out", () => {
  const ram = [0x2000, 0x1000, 0].map((address) => ({ address, size: 0x1000 }));
  expect(e820Map({ ram, reserved: [{ address: 0x800, size: 0 }] })).toEqual([{ address: 0, size: 0x3000, type: RAM }]);
});

test("RAM that is reserved as a whole is no RAM", () => {
  const all = { address: 0x1000, size: 0x1000 };
  expect(e820Map({ ram: [all], reserved: [all] })).toEqual([{ ...all, type: RESERVED }]);
});

test("any map is sorted, without overlaps, and says of every byte what it is", () => {
  const range = fc.record({ address: fc.nat(60), size: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(range, { maxLength: 5 }), fc.nat(70), (reserved, size) => {
      const map = e820Map({ ram: [{ address: 0, size }], reserved });
      for (const [i, entry] of map.entries()) {
        const previous = map[i - 1];
        expect(previous ? previous.address + previous.size : 0).toBeLessThanOrEqual(entry.address);
      }
      for (let byte = 0; byte < 100; byte++) {
        const has = (r: { address: number; size: number }) => byte >= r.address && byte < r.address + r.size;
        const expected = reserved.some(has) ? RESERVED : byte < size ? RAM : undefined;
        expect(map.find(has)?.type).toBe(expected);
      }
    }),
  );
});
