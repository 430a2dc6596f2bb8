/** Reads cpio archives in the "newc" format: those volt made itself. */

/** One member of an archive. */
export interface CpioMember {
  readonly path: string;
  /** File type and permission bits, as in `stat`. */
  readonly mode: number;
  /** A view on the archive. */
  readonly data: Uint8Array;
}

const MAGIC = "070701";
const HEADER_BYTES = 110;
const FIELD_CHARACTERS = 8;
/** Which of the header's thirteen numbers. */
const Field = { mode: 1, size: 6, nameSize: 11 } as const;
const TRAILER = "TRAILER!!!";

/** Its members, in their order, up to the trailer. @throws Error when it is no such archive, or cut short */
export function* readCpio(archive: Uint8Array): Generator<CpioMember> {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length);
  for (let at = 0; ; ) {
    if (bytes.toString("latin1", at, at + MAGIC.length) !== MAGIC) throw new Error(`no cpio archive (at byte ${at})`);
    const field = (index: number) => {
      const start = at + MAGIC.length + index * FIELD_CHARACTERS;
      return Number.parseInt(bytes.toString("latin1", start, start + FIELD_CHARACTERS), 16);
    };
    const nameStart = at + HEADER_BYTES;
    const dataStart = align(nameStart + field(Field.nameSize));
    const dataEnd = dataStart + field(Field.size);
    if (!(dataEnd <= bytes.length)) throw new Error(`the cpio archive is cut short (at byte ${at})`);
    const path = bytes.toString("utf8", nameStart, nameStart + field(Field.nameSize) - 1);
    if (path === TRAILER) return;
    yield { path, mode: field(Field.mode), data: bytes.subarray(dataStart, dataEnd) };
    at = align(dataEnd);
  }
}

function align(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}
