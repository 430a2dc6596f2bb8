/**
 * The kernel ABI as data: structures are named offsets, ioctl numbers are computed as `<asm-generic/ioctl.h>` does.
 * A test compiles C against the system's headers and compares every size and offset declared with `layout`.
 */

/** One field of a C structure: its offset and width in bytes. */
export interface Field {
  readonly offset: number;
  readonly bytes: number;
}

/** A C structure: its type and header as C names them, its size, and the fields volt touches. */
export interface Layout<Names extends string = string> {
  readonly type: string;
  readonly header: string;
  readonly size: number;
  readonly fields: Readonly<Record<Names, Field>>;
}

export const u8 = (offset: number): Field => ({ offset, bytes: 1 });
export const u16 = (offset: number): Field => ({ offset, bytes: 2 });
export const u32 = (offset: number): Field => ({ offset, bytes: 4 });
export const u64 = (offset: number): Field => ({ offset, bytes: 8 });
/** An array or nested structure, copied as bytes. */
export const blob = (offset: number, bytes: number): Field => ({ offset, bytes });

export function layout<Names extends string>(
  type: string,
  header: string,
  size: number,
  fields: Record<Names, Field>,
): Layout<Names> {
  return { type, header, size, fields };
}

/** What a field can be set to. A bigint only where 53 bits do not do. */
export type FieldValue = number | bigint | Uint8Array;

/** A new structure, zeroed but for `values`. */
export function pack<Names extends string>(
  of: Layout<Names>,
  values: Partial<Record<NoInfer<Names>, FieldValue>> = {},
): Uint8Array {
  const bytes = new Uint8Array(of.size);
  for (const [name, value] of Object.entries(values) as [Names, FieldValue][]) put(bytes, of.fields[name], value);
  return bytes;
}

/** Writes one field. */
export function put(bytes: Uint8Array, field: Field, value: FieldValue): void {
  if (typeof value === "object") {
    if (value.length > field.bytes) throw new RangeError(`${value.length} bytes into a field of ${field.bytes}`);
    bytes.set(value, field.offset);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (field.bytes === 8) view.setBigUint64(field.offset, BigInt(value), true);
  else if (field.bytes === 4) view.setUint32(field.offset, Number(value), true);
  else if (field.bytes === 2) view.setUint16(field.offset, Number(value), true);
  else view.setUint8(field.offset, Number(value));
}

/** Reads one field as a number; a 64-bit field loses what 53 bits cannot hold. */
export function get(bytes: Uint8Array, field: Field): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (field.bytes === 8) return Number(view.getBigUint64(field.offset, true));
  if (field.bytes === 4) return view.getUint32(field.offset, true);
  if (field.bytes === 2) return view.getUint16(field.offset, true);
  return view.getUint8(field.offset);
}

const IOC_WRITE = 1;
const IOC_READ = 2;

/** An ioctl number. All of x86 uses 8 bits of number, 8 of type, 14 of size, 2 of direction. */
function ioc(direction: number, type: number, nr: number, size: number): number {
  return direction * 0x4000_0000 + size * 0x1_0000 + type * 0x100 + nr;
}
/** `_IO`: no argument, or one that is passed by value. */
export const io = (type: number, nr: number): number => ioc(0, type, nr, 0);
/** `_IOR`: the kernel writes `size` bytes. */
export const ior = (type: number, nr: number, size: number): number => ioc(IOC_READ, type, nr, size);
/** `_IOW`: the kernel reads `size` bytes. */
export const iow = (type: number, nr: number, size: number): number => ioc(IOC_WRITE, type, nr, size);
/** `_IOWR`: both. */
export const iowr = (type: number, nr: number, size: number): number => ioc(IOC_READ | IOC_WRITE, type, nr, size);
