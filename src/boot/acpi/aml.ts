import { ascii, concat, u8, u16, u32, u64 } from "../pack.ts";

/**
 * An encoder for the part of the ACPI Machine Language that volt's DSDT needs (ACPI 6.5, chapter 20). A term is its
 * bytes.
 */
export type Aml = Uint8Array;

const OP = {
  ZERO: 0x00,
  ONE: 0x01,
  NAME: 0x08,
  BYTE: 0x0a,
  WORD: 0x0b,
  DWORD: 0x0c,
  STRING: 0x0d,
  QWORD: 0x0e,
  SCOPE: 0x10,
  BUFFER: 0x11,
  PACKAGE: 0x12,
  METHOD: 0x14,
  DUAL_NAME: 0x2e,
  MULTI_NAME: 0x2f,
  EXTENDED: 0x5b,
  ARG0: 0x68,
  NOTIFY: 0x86,
  LEQUAL: 0x93,
  IF: 0xa0,
} as const;
const EXTENDED_DEVICE = 0x82;
const METHOD_SERIALIZED = 1 << 3;

/** DefName. @param path e.g. `_HID` or `\_S5_`. */
export function name(path: string, value: Aml): Aml {
  return concat(u8(OP.NAME), nameString(path), value);
}

/** DefScope. */
export function scope(path: string, ...terms: readonly Aml[]): Aml {
  return concat(u8(OP.SCOPE), withLength(nameString(path), ...terms));
}

/** DefDevice. */
export function device(segment: string, ...terms: readonly Aml[]): Aml {
  return concat(u8(OP.EXTENDED, EXTENDED_DEVICE), withLength(nameString(segment), ...terms));
}

/** DefMethod, serialized: one caller at a time. @param argumentCount 0 to 7 */
export function method(segment: string, argumentCount: number, ...body: readonly Aml[]): Aml {
  return concat(u8(OP.METHOD), withLength(nameString(segment), u8(argumentCount | METHOD_SERIALIZED), ...body));
}

/** DefPackage, of at most 255 elements. */
export function packageOf(...elements: readonly Aml[]): Aml {
  return concat(u8(OP.PACKAGE), withLength(u8(elements.length), ...elements));
}

/** DefBuffer. */
export function buffer(bytes: Uint8Array): Aml {
  return concat(u8(OP.BUFFER), withLength(integer(bytes.length), bytes));
}

/** The shortest constant. @param value 0 to 2^53 */
export function integer(value: number): Aml {
  if (value <= 1) {
    return u8(value === 0 ? OP.ZERO : OP.ONE);
  }
  if (value <= 0xff) {
    return u8(OP.BYTE, value);
  }
  if (value <= 0xffff) {
    return concat(u8(OP.WORD), u16(value));
  }
  if (value <= 0xffff_ffff) {
    return concat(u8(OP.DWORD), u32(value));
  }
  return concat(u8(OP.QWORD), u64(value));
}

/** An ASCII string. */
export function string(text: string): Aml {
  return concat(u8(OP.STRING), ascii(text), u8(0));
}

/** A Plug and Play id such as PNP0501: three letters of 5 bits each, four hexadecimal digits (ASL's EISAID macro). */
export function eisaId(id: string): Aml {
  const [a, b, c] = Array.from(id.slice(0, 3), (letter) => letter.charCodeAt(0) - 0x40) as [number, number, number];
  const product = Number.parseInt(id.slice(3), 16);
  return concat(u8(OP.DWORD, (a << 2) | (b >> 3), (b << 5) | c, product >> 8, product));
}

/** The method's own argument. @param index 0 to 6 */
export function arg(index: number): Aml {
  return u8(OP.ARG0 + index);
}

/** DefIfElse, without an else. */
export function ifThen(predicate: Aml, ...terms: readonly Aml[]): Aml {
  return concat(u8(OP.IF), withLength(predicate, ...terms));
}

export function equal(left: Aml, right: Aml): Aml {
  return concat(u8(OP.LEQUAL), left, right);
}

/** Tells the operating system that something happened to the device at `path`. */
export function notify(path: string, value: number): Aml {
  return concat(u8(OP.NOTIFY), nameString(path), integer(value));
}

/** NameString (section 20.2.2): segments have four characters, shorter ones are filled up with underscores. */
function nameString(path: string): Uint8Array {
  const root = path.startsWith("\\") ? "\\" : "";
  const segments = path.slice(root.length).split(".");
  const prefix =
    segments.length === 1 ? u8() : segments.length === 2 ? u8(OP.DUAL_NAME) : u8(OP.MULTI_NAME, segments.length);
  return concat(ascii(root), prefix, ...segments.map((segment) => ascii(segment.padEnd(4, "_"))));
}

/**
 * PkgLength (section 20.2.4) and what it counts, itself included. Up to 63 it is one byte; else the first byte has the
 * number of bytes that follow and the lowest 4 bits.
 */
function withLength(...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  if (body.length + 1 <= 0x3f) {
    return concat(u8(body.length + 1), body);
  }
  const following = body.length + 2 < 1 << 12 ? 1 : body.length + 3 < 1 << 20 ? 2 : 3;
  const length = body.length + 1 + following;
  const rest = u32(length >>> 4).subarray(0, following);
  return concat(u8((following << 6) | (length & 0xf)), rest, body);
}
