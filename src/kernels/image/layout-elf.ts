/**
 * Writes an ELF kernel as the store keeps it: only what is loaded, each segment at a file offset that agrees with its
 * address modulo 4 KiB, so that its pages can be mapped into a guest. Sections, symbols and debug information, which
 * nothing reads at run time, stay behind; so do zeros at the end of a segment, which memory has anyway.
 */
import { PT_LOAD, PT_NOTE } from "../../boot/elf-header.ts";
import { BootError, DAMAGED } from "../../boot/error.ts";
import { concat, readU64, viewOf } from "../../boot/pack.ts";
import type { ByteSource } from "../../boot/source.ts";

const PAGE = 4096;
const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
/** Segments may share bytes of the file, so a small file could ask for much. */
const KEPT_MAX = 512 * 2 ** 20;
/** Of Elf64_Ehdr and Elf64_Phdr (System V gABI). */
const EHDR = { e_phoff: 32, e_shoff: 40, e_phnum: 56, e_shnum: 60, e_shstrndx: 62 } as const;
const PHDR = { p_type: 0, p_offset: 8, p_paddr: 24, p_filesz: 32 } as const;

/**
 * @param elf one that parseElf has accepted: its headers and ranges are not checked again here
 * @throws BootError when it has more than 512 MiB to load
 */
export function layOutElf(elf: ByteSource): Uint8Array {
  const ehdr = elf.read(0, EHDR_SIZE).slice();
  const view = viewOf(ehdr);
  const table = elf.read(readU64(view, EHDR.e_phoff), view.getUint16(EHDR.e_phnum, true) * PHDR_SIZE);
  const headers: Uint8Array[] = [];
  for (let at = 0; at < table.length; at += PHDR_SIZE) headers.push(table.slice(at, at + PHDR_SIZE));
  const kept = headers.filter((header) => [PT_LOAD, PT_NOTE].includes(viewOf(header).getUint32(PHDR.p_type, true)));

  const size = kept.reduce((sum, header) => sum + readU64(viewOf(header), PHDR.p_filesz), 0);
  if (size > KEPT_MAX) throw new BootError(elf.name, `its segments have ${size} bytes`, DAMAGED);

  // Header, table and notes first; whoever looks at the file finds them in its first page.
  let end = EHDR_SIZE + kept.length * PHDR_SIZE;
  const pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  for (const type of [PT_NOTE, PT_LOAD]) {
    for (const header of kept.map(viewOf)) {
      if (header.getUint32(PHDR.p_type, true) !== type) continue;
      const contents = elf.read(readU64(header, PHDR.p_offset), readU64(header, PHDR.p_filesz));
      const bytes = type === PT_LOAD ? withoutTrailingZeros(contents) : contents;
      const at = type === PT_LOAD ? nextAgreeing(end, readU64(header, PHDR.p_paddr)) : Math.ceil(end / 8) * 8;
      header.setBigUint64(PHDR.p_offset, BigInt(at), true);
      header.setBigUint64(PHDR.p_filesz, BigInt(bytes.length), true);
      pieces.push({ at, bytes });
      end = at + bytes.length;
    }
  }
  view.setBigUint64(EHDR.e_phoff, BigInt(EHDR_SIZE), true);
  view.setUint16(EHDR.e_phnum, kept.length, true);
  view.setBigUint64(EHDR.e_shoff, 0n, true);
  view.setUint16(EHDR.e_shnum, 0, true);
  view.setUint16(EHDR.e_shstrndx, 0, true);
  const file = new Uint8Array(end);
  file.set(concat(ehdr, ...kept));
  for (const { at, bytes } of pieces) file.set(bytes, at);
  return file;
}

/** The first offset from `offset` on that is the same as `address` modulo 4 KiB. */
function nextAgreeing(offset: number, address: number): number {
  return offset + ((((address - offset) % PAGE) + PAGE) % PAGE);
}

function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return bytes.subarray(0, length);
}
