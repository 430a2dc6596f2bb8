/** The two states a tiny guest starts in: real mode, and long mode with the first GiB mapped as it is. */
import type { SpecialRegisters } from "../../../ffi/kvm/vcpu.ts";

/** Where the long-mode page tables are, three pages. */
const PAGE_MAP_LEVEL_4 = 0x2000;
const PAGE_DIRECTORY_POINTERS = 0x3000;
const PAGE_DIRECTORY = 0x4000;

const CR0_PE = 1;
const CR0_ET = 1 << 4;
const CR0_PG = 2 ** 31;
const CR4_PAE = 1 << 5;
const CR4_OSFXSR = 1 << 9;
const EFER_LME = 1 << 8;
const EFER_LMA = 1 << 10;

const CODE = 0xb;
const DATA = 0x3;
const BUSY_TSS = 0xb;

/** No interrupt is ever delivered through it: any exception is a triple fault. */
const NO_TABLE = { base: 0, limit: 0 };

/** As after a reset, but with every segment at 0. */
export const REAL_MODE: SpecialRegisters = {
  cs: { type: CODE, s: 1, present: 1, limit: 0xffff },
  data: { type: DATA, s: 1, present: 1, limit: 0xffff },
  tr: { type: BUSY_TSS, present: 1, limit: 0xffff },
  gdt: NO_TABLE,
  idt: NO_TABLE,
  cr0: CR0_ET,
  cr3: 0,
  cr4: 0,
  efer: 0,
};

/** 64-bit code, linear addresses equal to physical ones below 1 GiB. Needs `writePageTables`. */
export const LONG_MODE: SpecialRegisters = {
  cs: { selector: 8, type: CODE, s: 1, present: 1, l: 1, g: 1, limit: 0xffff_ffff },
  data: { selector: 16, type: DATA, s: 1, present: 1, db: 1, g: 1, limit: 0xffff_ffff },
  tr: { type: BUSY_TSS, present: 1, limit: 0xffff },
  gdt: NO_TABLE,
  idt: NO_TABLE,
  cr0: CR0_PE + CR0_ET + CR0_PG,
  cr3: PAGE_MAP_LEVEL_4,
  cr4: CR4_PAE | CR4_OSFXSR,
  efer: EFER_LME | EFER_LMA,
};

/** One page directory of 512 pages of 2 MiB, and the two tables above it. */
export function writePageTables(memory: ArrayBuffer): void {
  const PRESENT_WRITABLE = 0b11n;
  const LARGE = 1n << 7n;
  const tables = new BigUint64Array(memory);
  tables[PAGE_MAP_LEVEL_4 / 8] = BigInt(PAGE_DIRECTORY_POINTERS) | PRESENT_WRITABLE;
  tables[PAGE_DIRECTORY_POINTERS / 8] = BigInt(PAGE_DIRECTORY) | PRESENT_WRITABLE;
  for (let i = 0; i < 512; i++) tables[PAGE_DIRECTORY / 8 + i] = (BigInt(i) << 21n) | LARGE | PRESENT_WRITABLE;
}
