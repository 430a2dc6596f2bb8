import { BootError, CUT_SHORT } from "./error.ts";
import { readU64, viewOf } from "./pack.ts";
import { type ByteSource, readHead } from "./source.ts";

/** System V gABI, "Program Header"; sizes in bytes. */
export interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly fileOffset: number;
  readonly physicalAddress: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly alignment: number;
}

export const PT_LOAD = 1;
export const PT_INTERP = 3;
export const PT_NOTE = 4;

const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
/** Linux has 5; nothing that boots has anywhere near this many. */
const PHDR_COUNT_MAX = 128;

const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_X86_64 = 62;
const MACHINES = new Map([
  [3, "32-bit x86"],
  [20, "PowerPC"],
  [21, "PowerPC"],
  [22, "s390"],
  [40, "32-bit Arm"],
  [183, "arm64"],
  [243, "RISC-V"],
  [258, "LoongArch"],
]);
const ADVICE = "give a 64-bit x86 vmlinux or bzImage";

/** Whether the bytes begin as an ELF file does. */
export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/**
 * The ELF header's entry point, and the program headers, as they stand in the file: their ranges are not checked.
 * @throws BootError unless this is an x86-64 executable with a sane table of program headers.
 */
export function programHeaders(source: ByteSource): { entry: number; headers: ProgramHeader[] } {
  const header = checkedHeader(source);
  const offset = readU64(header, 32);
  const count = header.getUint16(56, true);
  checkTable(source, offset, header.getUint16(54, true), count);
  const table = viewOf(source.read(offset, count * PHDR_SIZE));
  return {
    entry: readU64(header, 24),
    headers: Array.from({ length: count }, (_, i) => programHeader(table, i * PHDR_SIZE)),
  };
}

function checkedHeader(source: ByteSource): DataView {
  const bytes = readHead(source, EHDR_SIZE);
  if (!isElf(bytes)) {
    throw new BootError(source.name, "this is no ELF file", ADVICE);
  }
  if (bytes.length < EHDR_SIZE) {
    throw new BootError(source.name, `its ELF header ends after ${bytes.length} bytes`, CUT_SHORT);
  }
  const header = viewOf(bytes);
  const type = header.getUint16(16, true);
  const machine = header.getUint16(18, true);
  if (bytes[4] !== ELFCLASS64) {
    throw new BootError(source.name, "this is a 32-bit ELF file", ADVICE);
  }
  if (bytes[5] !== ELFDATA2LSB) {
    throw new BootError(source.name, "this is a big-endian ELF file", ADVICE);
  }
  if (machine !== EM_X86_64) {
    const made = MACHINES.get(machine) ?? `another machine (e_machine ${machine})`;
    throw new BootError(source.name, `this ELF file is for ${made}`, ADVICE);
  }
  if (type !== ET_EXEC && type !== ET_DYN) {
    throw new BootError(source.name, `this ELF file is not an executable (e_type ${type})`, ADVICE);
  }
  return header;
}

function checkTable(source: ByteSource, offset: number, entrySize: number, count: number): void {
  if (entrySize !== PHDR_SIZE && count > 0) {
    throw new BootError(source.name, `its program headers have ${entrySize} bytes, not ${PHDR_SIZE}`, ADVICE);
  }
  if (count === 0 || count > PHDR_COUNT_MAX) {
    throw new BootError(
      source.name,
      `it has ${count} program headers, of 1 to ${PHDR_COUNT_MAX} that a kernel may have`,
      "give a vmlinux; an object or debug file does not boot",
    );
  }
  if (!(offset + count * PHDR_SIZE <= source.size)) {
    throw new BootError(source.name, "its program headers lie past the end of the file", CUT_SHORT);
  }
}

function programHeader(table: DataView, at: number): ProgramHeader {
  return {
    type: table.getUint32(at, true),
    flags: table.getUint32(at + 4, true),
    fileOffset: readU64(table, at + 8),
    physicalAddress: readU64(table, at + 24),
    fileSize: readU64(table, at + 32),
    memorySize: readU64(table, at + 40),
    alignment: readU64(table, at + 48),
  };
}
