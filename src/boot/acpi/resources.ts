import { concat, u8, u16, u32 } from "../pack.ts";
import { type Aml, buffer } from "./aml.ts";

/** Resource descriptors, the contents of a _CRS (ACPI 6.5, section 6.4). */
export type Resource = Uint8Array;

/** End tag; a checksum of 0 says that there is none to check. */
const END_TAG = u8(0x79, 0);

/** ResourceTemplate(). */
export function resourceTemplate(...resources: readonly Resource[]): Aml {
  return buffer(concat(...resources, END_TAG));
}

/** I/O Port Descriptor (6.4.2.5): `length` ports from `port` on, decoding all 16 address bits. */
export function ioPorts(port: number, length: number): Resource {
  const decode16 = 1;
  const alignment = 1;
  return concat(u8(0x47, decode16), u16(port), u16(port), u8(alignment, length));
}

/** 32-bit Fixed Memory Range Descriptor (6.4.3.4): below 4 GiB, read and written. */
export function memory32Fixed(address: number, size: number): Resource {
  const readWrite = 1;
  return concat(u8(0x86), u16(9), u8(readWrite), u32(address), u32(size));
}

/**
 * Extended Interrupt Descriptor (6.4.3.6): edge-triggered, active high, exclusive. The short IRQ descriptor would
 * do for lines below 16 too, but Linux takes this one's word and asks no override table.
 */
export function interrupt(gsi: number): Resource {
  const consumer = 1 << 0;
  const edge = 1 << 1;
  return concat(u8(0x89), u16(6), u8(consumer | edge, 1), u32(gsi));
}
