/** The smallest executable there is: one page of code, and data behind it. */
import { blob, layout, pack, u16, u32, u64 } from "../abi.ts";
import { CODE, CODE_ADDRESS, DATA_ADDRESS } from "./code.ts";

const ELF = "elf.h";
export const EHDR = layout("Elf64_Ehdr", ELF, 64, {
  e_ident: blob(0, 16),
  e_type: u16(16),
  e_machine: u16(18),
  e_version: u32(20),
  e_entry: u64(24),
  e_phoff: u64(32),
  e_ehsize: u16(52),
  e_phentsize: u16(54),
  e_phnum: u16(56),
});
export const PHDR = layout("Elf64_Phdr", ELF, 56, {
  p_type: u32(0),
  p_flags: u32(4),
  p_offset: u64(8),
  p_vaddr: u64(16),
  p_filesz: u64(32),
  p_memsz: u64(40),
  p_align: u64(48),
});

/** "\x7fELF", 64 bits, little-endian, version 1. */
const IDENT = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1);
const ET_EXEC = 2;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;
const PAGE = 4096;

/** @param data what is at DATA_ADDRESS when the code starts */
export function executable(data: Uint8Array): Uint8Array {
  const headers = [EHDR.size, 3 * PHDR.size];
  const codeOffset = headers.reduce((sum, size) => sum + size);
  const codeEnd = codeOffset + CODE.length;
  const file = new Uint8Array(PAGE + data.length);
  file.set(
    pack(EHDR, {
      e_ident: IDENT,
      e_type: ET_EXEC,
      e_machine: EM_X86_64,
      e_version: 1,
      e_entry: CODE_ADDRESS + codeOffset,
      e_phoff: EHDR.size,
      e_ehsize: EHDR.size,
      e_phentsize: PHDR.size,
      e_phnum: 3,
    }),
  );
  const segments = [
    segment(PF_R | PF_X, 0, CODE_ADDRESS, codeEnd),
    segment(PF_R | PF_W, PAGE, DATA_ADDRESS, data.length),
    // Without this one, older kernels make the stack, and all that is readable, executable.
    pack(PHDR, { p_type: PT_GNU_STACK, p_flags: PF_R | PF_W, p_align: 16 }),
  ];
  segments.forEach((bytes, i) => {
    file.set(bytes, EHDR.size + i * PHDR.size);
  });
  file.set(CODE, codeOffset);
  file.set(data, PAGE);
  return file;
}

function segment(p_flags: number, p_offset: number, p_vaddr: number, size: number): Uint8Array {
  return pack(PHDR, { p_type: PT_LOAD, p_flags, p_offset, p_vaddr, p_filesz: size, p_memsz: size, p_align: PAGE });
}
