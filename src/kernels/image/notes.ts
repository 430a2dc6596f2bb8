/** The ELF notes of a vmlinux, for people. */
import { PT_NOTE, programHeaders } from "../../boot/elf-header.ts";
import { elfNotes } from "../../boot/elf-notes.ts";
import type { ByteSource } from "../../boot/source.ts";

export interface NoteName {
  readonly owner: string;
  readonly type: number;
  /** What it is, where volt knows it; "" elsewhere. */
  readonly meaning: string;
}

/** Linux: include/xen/interface/elfnote.h, include/linux/build-salt.h, include/uapi/linux/elf.h. */
const MEANINGS: Readonly<Record<string, string>> = {
  "GNU 3": "build id",
  "GNU 5": "properties",
  "Linux 256": "build salt",
  "Linux 257": "LTO",
  "Xen 18": "PVH entry",
};

/** @param elf one that parseElf has accepted @throws BootError */
export function notesOf(elf: ByteSource): NoteName[] {
  const segments = programHeaders(elf).headers.filter(({ type }) => type === PT_NOTE);
  return segments
    .flatMap(({ fileOffset, fileSize, alignment }) => [
      ...elfNotes(elf.name, elf.read(fileOffset, fileSize), alignment),
    ])
    .map(({ owner, type }) => ({ owner, type, meaning: MEANINGS[`${owner} ${type}`] ?? "" }));
}

/** One line, however many there are: "GNU 3 (build id), Xen 1 2 18 (PVH entry)". */
export function notesText(notes: readonly NoteName[]): string {
  const byOwner = Map.groupBy(notes, ({ owner }) => owner);
  const text = ({ type, meaning }: NoteName) => (meaning === "" ? `${type}` : `${type} (${meaning})`);
  return [...byOwner].map(([owner, all]) => `${owner} ${all.map(text).join(" ")}`).join(", ");
}
