/** The two processor states Linux and PVH define for a kernel's entry: 64-bit long mode and 32-bit protected mode. */
import type { Registers, Segment, SpecialRegisters } from "../../ffi/kvm/vcpu.ts";

/** CR0: protected mode, and an x87 unit that is there. */
const CR0_PE = 1;
const CR0_ET = 1 << 4;
const CR0_PG = 2 ** 31;
const CR4_PAE = 1 << 5;
const EFER_LME = 1 << 8;
const EFER_LMA = 1 << 10;
/** RFLAGS bit 1 is always set; interrupts are off. */
const RFLAGS_RESERVED = 2;

const PAGE = 4096;
const PRESENT_WRITABLE = 0b11;
const PAGE_SIZE_2M = 1 << 7;
/** The identity map covers 4 GiB: Linux asks for the kernel, zero page and command line; volt places them below. */
const IDENTITY_GIB = 4;

/** Selectors as the Linux boot protocol wants them: __BOOT_CS 0x10, __BOOT_DS 0x18 (Documentation/x86/boot.rst). */
const CODE_SELECTOR = 0x10;
const DATA_SELECTOR = 0x18;
const TSS_SELECTOR = 0x20;

const CODE_TYPE = 0xb; // execute, read, accessed
const DATA_TYPE = 0x3; // read, write, accessed
const TSS_TYPE = 0xb; // 32-bit TSS, busy

const flat = { base: 0, limit: 0xffff_ffff, present: 1, s: 1, g: 1 };
const code64: Segment = { ...flat, selector: CODE_SELECTOR, type: CODE_TYPE, l: 1 };
const code32: Segment = { ...flat, selector: CODE_SELECTOR, type: CODE_TYPE, db: 1 };
const data: Segment = { ...flat, selector: DATA_SELECTOR, type: DATA_TYPE, db: 1 };
const tss: Segment = { base: 0, limit: 0x67, selector: TSS_SELECTOR, type: TSS_TYPE, present: 1 };

/** What goes into guest memory and registers for one way of entering a kernel. */
export interface EntryState {
  readonly special: SpecialRegisters;
  readonly registers: Registers;
  /** Guest-physical address and content. */
  readonly tables: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** Where the descriptor table and page tables may lie. */
export interface EntryPlaces {
  readonly gdt: number;
  readonly pageTables: number;
}

/** The Linux 64-bit boot protocol: long mode, identity-mapped, RSI at the zero page. */
export function linuxEntry(entry: number, zeroPage: number, places: EntryPlaces): EntryState {
  const gdt = descriptorTable(code64);
  return {
    special: {
      ...{ cs: code64, data, tr: tss, gdt: { base: places.gdt, limit: gdt.length - 1 }, idt: { base: 0, limit: 0 } },
      cr0: CR0_PE + CR0_ET + CR0_PG,
      cr3: places.pageTables,
      cr4: CR4_PAE,
      efer: EFER_LME | EFER_LMA,
    },
    registers: { rip: entry, rsi: zeroPage, rflags: RFLAGS_RESERVED },
    tables: [
      { address: places.gdt, bytes: gdt },
      { address: places.pageTables, bytes: identityMap(places.pageTables) },
    ],
  };
}

/** PVH direct boot: 32-bit protected mode without paging, EBX at hvm_start_info (Xen's docs/misc/pvh.pandoc). */
export function pvhEntry(entry: number, startInfo: number, places: EntryPlaces): EntryState {
  const gdt = descriptorTable(code32);
  return {
    special: {
      ...{ cs: code32, data, tr: tss, gdt: { base: places.gdt, limit: gdt.length - 1 }, idt: { base: 0, limit: 0 } },
      cr0: CR0_PE + CR0_ET,
      cr3: 0,
      cr4: 0,
      efer: 0,
    },
    registers: { rip: entry, rbx: startInfo, rflags: RFLAGS_RESERVED },
    tables: [{ address: places.gdt, bytes: gdt }],
  };
}

/** NULL, NULL, code, data, TSS: the selectors above index it. */
function descriptorTable(code: Segment): Uint8Array {
  const table = new BigUint64Array([0n, 0n, descriptor(code), descriptor(data), descriptor(tss)]);
  return new Uint8Array(table.buffer);
}

/** A segment as a GDT entry (SDM volume 3, 3.4.5). */
function descriptor({
  base = 0,
  limit = 0,
  type = 0,
  present = 0,
  dpl = 0,
  db = 0,
  s = 0,
  l = 0,
  g = 0,
}: Segment): bigint {
  const units = g ? Math.floor(limit / PAGE) : limit;
  const access = type | (s << 4) | (dpl << 5) | (present << 7);
  const flags = (l << 1) | (db << 2) | (g << 3);
  const low = ((base & 0xffff) * 0x1_0000 + (units & 0xffff)) >>> 0;
  const high =
    ((base >>> 16) & 0xff) | (access << 8) | (((units >>> 16) & 0xf) << 16) | (flags << 20) | (base & 0xff00_0000);
  return (BigInt(high >>> 0) << 32n) | BigInt(low);
}

/** Page tables that map the first GiBs onto themselves with 2 MiB pages: PML4, PDPT, one directory a GiB. */
function identityMap(at: number): Uint8Array {
  const bytes = new Uint8Array(PAGE * (2 + IDENTITY_GIB));
  const entries = new DataView(bytes.buffer);
  const set = (table: number, i: number, value: number) => entries.setUint32(table * PAGE + i * 8, value, true);
  set(0, 0, at + PAGE + PRESENT_WRITABLE);
  for (let gib = 0; gib < IDENTITY_GIB; gib++) {
    set(1, gib, at + (2 + gib) * PAGE + PRESENT_WRITABLE);
    for (let i = 0; i < 512; i++) set(2 + gib, i, (gib * 512 + i) * 0x20_0000 + PRESENT_WRITABLE + PAGE_SIZE_2M);
  }
  return bytes;
}
