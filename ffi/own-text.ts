/** The program's own code and constants, as the kernel has mapped them from its file. */
import { layout, u32, u64 } from "./abi.ts";
import { libc } from "./libc.ts";
import { adviseMemory, MADV, memoryAt } from "./memory.ts";

const PROGRAM_HEADER = layout("Elf64_Phdr", "elf.h", 56, {
  p_type: u32(0),
  p_flags: u32(4),
  p_vaddr: u64(16),
  p_memsz: u64(40),
});
/** What getauxval is asked for: the program headers' address and number. */
const AT = { PHDR: 3, PHNUM: 5 } as const;
const PT = { LOAD: 1, PHDR: 6 } as const;
const PF_W = 2;
const PAGE = 4096;

/**
 * Lets go of the pages of it that were needed so far: those that are needed again come back from the page cache, sixteen at
 * a fault, and the rest no longer counts as this process's memory. They stay in the page cache, for the next VM's start:
 * MADV_PAGEOUT would take them out of that as well.
 *
 * Only what is mapped without PF_W: its pages are as the file has them. Relocated or written ones would be lost.
 * @returns bytes that were advised
 */
export function dropOwnText(): number {
  const headersAt = libc.getauxval(AT.PHDR);
  const count = libc.getauxval(AT.PHNUM);
  if (headersAt === 0 || count === 0) return 0;
  const view = new DataView(memoryAt(headersAt, count * PROGRAM_HEADER.size));
  const { p_type, p_flags, p_vaddr, p_memsz } = PROGRAM_HEADER.fields;
  const headers = Array.from({ length: count }, (_, i) => {
    const at = i * PROGRAM_HEADER.size;
    const number = (offset: number): number => Number(view.getBigUint64(at + offset, true));
    return {
      type: view.getUint32(at + p_type.offset, true),
      isWritable: (view.getUint32(at + p_flags.offset, true) & PF_W) !== 0,
      address: number(p_vaddr.offset),
      bytes: number(p_memsz.offset),
    };
  });
  // Where a program was loaded elsewhere than it says, its headers were, too.
  const own = headers.find(({ type }) => type === PT.PHDR);
  const bias = own ? headersAt - own.address : 0;
  let advised = 0;
  for (const { type, isWritable, address, bytes } of headers) {
    if (type !== PT.LOAD || isWritable) continue;
    const start = Math.ceil((bias + address) / PAGE) * PAGE;
    const end = Math.floor((bias + address + bytes) / PAGE) * PAGE;
    if (end > start && adviseMemory(start, end - start, MADV.DONTNEED)) advised += end - start;
  }
  return advised;
}
