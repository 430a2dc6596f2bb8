/**
 * Little-endian packing: firmware tables read best as the concatenation of their fields,
 * in the order in which their specification lists them.
 */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function u8(...values: readonly number[]): Uint8Array {
  return new Uint8Array(values);
}

export function u16(value: number): Uint8Array {
  return u8(value, value >>> 8);
}

export function u32(value: number): Uint8Array {
  return u8(value, value >>> 8, value >>> 16, value >>> 24);
}

/** @param value a safe integer: no address of a guest is beyond 2^53. */
export function u64(value: number): Uint8Array {
  return concat(u32(value % 2 ** 32), u32(Math.floor(value / 2 ** 32)));
}

const encoder = new TextEncoder();

/** ASCII text, filled up with spaces to `width` bytes. */
export function ascii(text: string, width = text.length): Uint8Array {
  return encoder.encode(text.padEnd(width, " "));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A 64-bit field as a number. Above 2^53 it is inexact but still that large, and number arithmetic
 * never wraps: a bound checked as `address + size <= limit` refuses every hostile value.
 */
export function readU64(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

/** The byte that makes the sum of all bytes 0 modulo 256, with the checksum field itself still 0 (ACPI, MP). */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i]!;
  return -sum & 0xff;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
