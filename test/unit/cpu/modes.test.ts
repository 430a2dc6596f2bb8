import { describe, expect, test } from "bun:test";
import type { Segment } from "../../../ffi/kvm/vcpu.ts";
import { type EntryState, linuxEntry, pvhEntry } from "../../../src/cpu/modes.ts";

const PLACES = { gdt: 0x500, pageTables: 0x9000 };
const LINUX = linuxEntry(0x100_0200, 0x7000, PLACES);
const PVH = pvhEntry(0x100_0040, 0x6000, PLACES);

const tableAt = ({ tables }: EntryState, address: number) =>
  new DataView(Uint8Array.from(tables.find((table) => table.address === address)!.bytes).buffer);

describe("the 64-bit entry of Linux", () => {
  test("is long mode with paging on, interrupts off, RSI at the zero page", () => {
    const { cr0, cr3, cr4, efer } = LINUX.special;
    expect({ cr0, cr3, cr4, efer }).toEqual({ cr0: 0x8000_0011, cr3: 0x9000, cr4: 0x20, efer: 0x500 });
    expect(LINUX.registers).toEqual({ rip: 0x100_0200, rsi: 0x7000, rflags: 2 });
  });

  test("has 64-bit code at __BOOT_CS and flat data at __BOOT_DS", () => {
    expect(LINUX.special.cs).toMatchObject({ selector: 0x10, l: 1, base: 0, limit: 0xffff_ffff, g: 1 });
    expect(LINUX.special.cs.db ?? 0).toBe(0);
    expect(LINUX.special.data).toMatchObject({ selector: 0x18, base: 0, limit: 0xffff_ffff, g: 1 });
  });

  test("has a descriptor table whose bytes are the known ones", () => {
    const gdt = tableAt(LINUX, PLACES.gdt);
    const entries = [0, 8, 16, 24, 32].map((at) => gdt.getBigUint64(at, true));
    expect(entries).toEqual([0n, 0n, 0x00af_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn, 0x0000_8b00_0000_0067n]);
  });

  test("maps 4 GiB onto themselves, each 2 MiB page once, nothing else", () => {
    const walk = pageWalk(LINUX);
    for (const address of [0, 0x1f_ffff, 0x20_0000, 0x100_0200, 2 ** 30, 2 ** 32 - 1])
      expect(walk(address)).toBe(address);
    expect(walk(2 ** 32)).toBeUndefined();
    expect(walk(2 ** 39)).toBeUndefined();
  });
});

describe("the PVH entry", () => {
  test("is 32-bit protected mode without paging, interrupts off, EBX at hvm_start_info", () => {
    const { cr0, cr3, cr4, efer } = PVH.special;
    expect({ cr0, cr3, cr4, efer }).toEqual({ cr0: 0x11, cr3: 0, cr4: 0, efer: 0 });
    expect(PVH.registers).toEqual({ rip: 0x100_0040, rbx: 0x6000, rflags: 2 });
  });

  test("has 32-bit code and needs no page tables", () => {
    expect(PVH.special.cs).toMatchObject({ db: 1, base: 0, limit: 0xffff_ffff });
    expect(PVH.special.cs.l ?? 0).toBe(0);
    expect(PVH.tables.map(({ address }) => address)).toEqual([PLACES.gdt]);
    expect(tableAt(PVH, PLACES.gdt).getBigUint64(16, true)).toBe(0x00cf_9b00_0000_ffffn);
  });
});

describe.each([
  ["Linux", LINUX],
  ["PVH", PVH],
])("what the segment registers of the %s entry hold", (_, state) => {
  const { cs, data, tr, gdt } = state.special;
  test.each([
    ["cs", cs],
    ["data", data],
    ["tr", tr],
  ])("is in the table at %s's selector", (_name, segment) => {
    const at = segment.selector!;
    expect(at + 7).toBeLessThanOrEqual(gdt.limit);
    expect(decoded(tableAt(state, PLACES.gdt).getBigUint64(at, true))).toEqual(complete(segment));
  });
});

/** A descriptor's fields, where SDM volume 3, figure 3-8 has them. */
function decoded(bits: bigint) {
  const field = (at: number, length: number) => Number((bits >> BigInt(at)) & ((1n << BigInt(length)) - 1n));
  const units = field(0, 16) + field(48, 4) * 0x1_0000;
  const g = field(55, 1);
  return {
    base: field(16, 24) + field(56, 8) * 0x100_0000,
    limit: g ? units * 4096 + 4095 : units,
    ...{
      type: field(40, 4),
      s: field(44, 1),
      dpl: field(45, 2),
      present: field(47, 1),
      l: field(53, 1),
      db: field(54, 1),
      g,
    },
  };
}

function complete({ base = 0, limit = 0, type = 0, s = 0, dpl = 0, present = 0, l = 0, db = 0, g = 0 }: Segment) {
  return { base, limit, type, s, dpl, present, l, db, g };
}

/** Translates as the processor does: 4 levels, 2 MiB pages only. */
function pageWalk(state: EntryState): (address: number) => number | undefined {
  const bytes = tableAt(state, PLACES.pageTables);
  const entryOf = (table: number, index: number) =>
    Number(bytes.getBigUint64(table - PLACES.pageTables + index * 8, true));
  const step = (table: number, index: number) => {
    const entry = entryOf(table, index);
    return entry & 1 ? entry : undefined;
  };
  return (address) => {
    const index = (shift: number) => Math.floor(address / 2 ** shift) % 512;
    const directoryPointers = step(state.special.cr3, index(39));
    const directory = directoryPointers && step(Math.floor(directoryPointers / 4096) * 4096, index(30));
    const page = directory && step(Math.floor(directory / 4096) * 4096, index(21));
    if (page === undefined) return undefined;
    if ((page & 0x80) === 0) throw new Error("not a 2 MiB page");
    return Math.floor(page / 2 ** 21) * 2 ** 21 + (address % 2 ** 21);
  };
}
