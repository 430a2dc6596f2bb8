import { type ProgramHeader, PT_INTERP, PT_LOAD, PT_NOTE, programHeaders } from "./elf-header.ts";
import { elfNotes } from "./elf-notes.ts";
import { BootError, CUT_SHORT, DAMAGED } from "./error.ts";
import { checkRange, type LoadLimits } from "./limits.ts";
import { hex, readU64, viewOf } from "./pack.ts";
import type { ByteSource } from "./source.ts";

/** A PT_LOAD segment: what to copy or map from the file, and where it goes. Sizes in bytes. */
export interface ElfSegment {
  readonly fileOffset: number;
  readonly fileSize: number;
  /** At least `fileSize`; the rest reads as zero. */
  readonly memorySize: number;
  /** Guest-physical, from p_paddr. */
  readonly guestAddress: number;
  /** PF_X 1, PF_W 2, PF_R 4. */
  readonly flags: number;
}

/** An x86-64 ELF that can be put into guest memory as it is. */
export interface ElfImage {
  /** e_entry: for Linux, the guest-physical address of its 64-bit entry. */
  readonly entry: number;
  /** The 32-bit entry from the note XEN_ELFNOTE_PHYS32_ENTRY, where there is one. */
  readonly pvhEntry: number | undefined;
  /** Whether a note says that this is Linux (every one since 4.19 carries its build salt). */
  readonly isLinux: boolean;
  /** By guest address, none overlapping. */
  readonly segments: readonly ElfSegment[];
}

/** Linux, include/xen/interface/elfnote.h. */
const XEN_ELFNOTE_PHYS32_ENTRY = 18;
/** Real kernels have half a kilobyte of notes. A hostile size must not make volt read gigabytes. */
const NOTES_MAX = 1024 * 1024;

/**
 * Reads the headers and notes of an ELF kernel and checks all of it against the file and the limits: what comes
 * back can be loaded without another check. The segments' contents are not read.
 * @throws BootError for anything else than a static x86-64 executable that fits.
 */
export function parseElf(source: ByteSource, limits: LoadLimits): ElfImage {
  const { entry, headers } = programHeaders(source);
  if (headers.some((header) => header.type === PT_INTERP)) {
    throw new BootError(source.name, "this is a program for an operating system, not a kernel", "give a vmlinux");
  }
  const segments = loadSegments(source, headers, limits);
  const notes = headers.filter((header) => header.type === PT_NOTE).flatMap((header) => readNotes(source, header));
  const pvhNote = notes.find((note) => note.owner === "Xen" && note.type === XEN_ELFNOTE_PHYS32_ENTRY);
  const pvhEntry = pvhNote && pvhEntryOf(source.name, pvhNote.descriptor);

  checkEntry(source.name, "entry point", entry, segments);
  if (pvhEntry !== undefined) {
    checkEntry(source.name, "PVH entry point", pvhEntry, segments);
  }
  return { entry, pvhEntry, isLinux: notes.some((note) => note.owner === "Linux"), segments };
}

function loadSegments(source: ByteSource, headers: readonly ProgramHeader[], limits: LoadLimits): ElfSegment[] {
  const segments = headers
    .filter((header) => header.type === PT_LOAD && header.memorySize > 0)
    .map((header) => loadSegment(source, header, limits))
    .sort((a, b) => a.guestAddress - b.guestAddress);
  if (segments.length === 0) {
    throw new BootError(source.name, "this ELF has nothing to load", "give a vmlinux, not an object or debug file");
  }
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1];
    if (next && segment.guestAddress + segment.memorySize > next.guestAddress) {
      throw new BootError(
        source.name,
        `two of its segments overlap at ${hex(next.guestAddress)}`,
        "the file is damaged or linked wrongly: get or build it again",
      );
    }
  }
  return segments;
}

function loadSegment(source: ByteSource, header: ProgramHeader, limits: LoadLimits): ElfSegment {
  const { fileOffset, fileSize, memorySize, physicalAddress, flags } = header;
  const what = `the segment at ${hex(physicalAddress)}`;
  if (memorySize < fileSize) {
    throw new BootError(
      source.name,
      `${what} has more bytes in the file (${fileSize}) than in memory (${memorySize})`,
      DAMAGED,
    );
  }
  checkInFile(source, what, fileOffset, fileSize);
  checkRange(source.name, what, physicalAddress, memorySize, limits);
  return { fileOffset, fileSize, memorySize, guestAddress: physicalAddress, flags };
}

function readNotes(source: ByteSource, header: ProgramHeader) {
  if (header.fileSize > NOTES_MAX) {
    throw new BootError(source.name, `it claims ${header.fileSize} bytes of ELF notes`, DAMAGED);
  }
  checkInFile(source, "its note segment", header.fileOffset, header.fileSize);
  return [...elfNotes(source.name, source.read(header.fileOffset, header.fileSize), header.alignment)];
}

/** The descriptor has 4 bytes in most kernels' notes, and 8 in those that use the pointer size, as Linux does. */
function pvhEntryOf(where: string, descriptor: Uint8Array): number {
  switch (descriptor.length) {
    case 4:
      return viewOf(descriptor).getUint32(0, true);
    case 8:
      return readU64(viewOf(descriptor), 0);
    default:
      throw new BootError(where, `its PVH entry note has ${descriptor.length} bytes instead of 4 or 8`, DAMAGED);
  }
}

function checkInFile(source: ByteSource, what: string, offset: number, size: number): void {
  if (!(offset + size <= source.size)) {
    throw new BootError(
      source.name,
      `${what} lies at bytes ${offset} to ${offset + size}, but the file has ${source.size}`,
      CUT_SHORT,
    );
  }
}

/** A jump to where nothing was loaded would be a triple fault without a word. */
function checkEntry(where: string, what: string, entry: number, segments: readonly ElfSegment[]): void {
  const inside = segments.some((s) => entry >= s.guestAddress && entry < s.guestAddress + s.memorySize);
  if (!inside) {
    throw new BootError(
      where,
      `its ${what} ${hex(entry)} is in none of its segments`,
      "is its entry a physical address? Link the kernel so, or give its bzImage",
    );
  }
}
