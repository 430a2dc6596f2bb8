/** Builders of small kernels, good ones unless told otherwise, and offsets at which to spoil them. */
import { concat, u8, u16, u32, u64, viewOf } from "../../../src/boot/pack.ts";
import { HEADER } from "../../../src/boot/setup-header.ts";

export const LIMITS = { lowest: 0x100000, highest: 0x8000000 };

export const EHDR = { class: 4, data: 5, type: 16, machine: 18, entry: 24, phoff: 32, phentsize: 54, phnum: 56 };
export const PHDR = { type: 0, offset: 8, paddr: 24, filesz: 32, memsz: 40, align: 48, size: 56 };
/** Of the n-th program header, in the files that `buildElf` makes. */
export const phdr = (n: number, field: keyof typeof PHDR) => 64 + n * PHDR.size + PHDR[field];

export interface TestSegment {
  readonly type?: number;
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly memorySize?: number;
  readonly alignment?: number;
}

/** An ELF file for x86-64; program headers right behind the ELF header, then the segments' bytes. */
export function buildElf(entry: number, segments: readonly TestSegment[]): Uint8Array {
  const ident = concat(u8(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), u64(0));
  const sizes = concat(u32(0), u16(64), u16(PHDR.size), u16(segments.length), u16(0), u16(0), u16(0));
  const header = concat(ident, u16(2), u16(62), u32(1), u64(entry), u64(64), u64(0), sizes);
  let offset = header.length + segments.length * PHDR.size;
  const headers = segments.map(({ type = 1, address, bytes, memorySize = bytes.length, alignment = 4 }) => {
    const at = offset;
    offset += bytes.length;
    return concat(
      u32(type),
      u32(5),
      u64(at),
      u64(address),
      u64(address),
      u64(bytes.length),
      u64(memorySize),
      u64(alignment),
    );
  });
  return concat(header, ...headers, ...segments.map(({ bytes }) => bytes));
}

export function note(owner: string, type: number, descriptor: Uint8Array, alignment = 4): Uint8Array {
  const padded = (bytes: Uint8Array, before: number) =>
    concat(bytes, new Uint8Array(-(before + bytes.length) & (alignment - 1)));
  const name = concat(new TextEncoder().encode(owner), u8(0));
  const head = padded(concat(u32(name.length), u32(descriptor.length), u32(type), name), 0);
  return padded(concat(head, descriptor), 0);
}

export const TEXT: TestSegment = { address: 0x1000000, bytes: new Uint8Array(256).fill(0x90), memorySize: 0x1000 };
export const notes = (bytes: Uint8Array, alignment = 4): TestSegment => ({
  type: 4,
  address: TEXT.address,
  bytes,
  alignment,
});
export const PVH_NOTE = note("Xen", 18, u32(0x1000040));
export const LINUX_NOTE = note("Linux", 0x100, u32(0));

/** A vmlinux in small: text with bss, notes for Linux and PVH. */
export function vmlinux(): Uint8Array {
  return buildElf(TEXT.address, [TEXT, notes(concat(LINUX_NOTE, PVH_NOTE))]);
}

/** A bzImage in small: one setup sector, 1 KiB of kernel, in it 64 bytes that begin as LZ4's legacy frame. */
export function bzImage(): Uint8Array {
  const file = new Uint8Array(1024 + 1024);
  const view = viewOf(file);
  view.setUint8(HEADER.setup_sects, 1);
  view.setUint32(HEADER.syssize, 1024 / 16, true);
  view.setUint16(HEADER.boot_flag, 0xaa55, true);
  view.setUint8(HEADER.jump, 0xeb);
  view.setUint8(HEADER.jump + 1, 0x6a);
  view.setUint32(HEADER.header, 0x53726448, true);
  view.setUint16(HEADER.version, 0x020f, true);
  view.setUint8(HEADER.loadflags, 1);
  view.setUint32(HEADER.initrd_addr_max, 0x7fffffff, true);
  view.setUint32(HEADER.kernel_alignment, 0x200000, true);
  view.setUint8(HEADER.relocatable_kernel, 1);
  view.setUint16(HEADER.xloadflags, 0x7f, true);
  view.setUint32(HEADER.cmdline_size, 2047, true);
  view.setUint32(HEADER.payload_offset, 0x100, true);
  view.setUint32(HEADER.payload_length, 64, true);
  view.setBigUint64(HEADER.pref_address, 0x1000000n, true);
  view.setUint32(HEADER.init_size, 0x2000000, true);
  file.set([0x02, 0x21, 0x4c, 0x18], 1024 + 0x100);
  return file;
}

/** A copy of the file with bytes replaced. */
export function patched(file: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const copy = file.slice();
  copy.set(bytes, offset);
  return copy;
}
