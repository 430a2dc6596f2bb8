import { BootError, DAMAGED } from "./error.ts";
import { viewOf } from "./pack.ts";

/** One entry of a PT_NOTE segment. */
export interface ElfNote {
  readonly owner: string;
  readonly type: number;
  readonly descriptor: Uint8Array;
}

/** Two sizes and a type, before name and descriptor (System V gABI, "Note Section"). */
const HEADER_SIZE = 12;

/**
 * The notes of one PT_NOTE segment.
 * @param alignment of name and descriptor in bytes: 8 if the segment says so, otherwise 4, whatever it says.
 * @throws BootError when a note runs past the end of its segment.
 */
export function* elfNotes(where: string, segment: Uint8Array, alignment: number): Generator<ElfNote> {
  const view = viewOf(segment);
  const step = alignment === 8 ? 8 : 4;
  const align = (offset: number) => Math.ceil(offset / step) * step;

  // Every note is at least its header long, so this ends however small the sizes in it are.
  for (let at = 0; at + HEADER_SIZE <= segment.length; ) {
    const nameSize = view.getUint32(at, true);
    const descriptorSize = view.getUint32(at + 4, true);
    const nameAt = at + HEADER_SIZE;
    const descriptorAt = align(nameAt + nameSize);
    const end = descriptorAt + descriptorSize;
    if (end > segment.length) {
      throw new BootError(where, "an ELF note runs past the end of its segment", DAMAGED);
    }
    yield {
      owner: cString(segment.subarray(nameAt, nameAt + nameSize)),
      type: view.getUint32(at + 8, true),
      descriptor: segment.subarray(descriptorAt, end),
    };
    at = align(end);
  }
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder("latin1").decode(end < 0 ? bytes : bytes.subarray(0, end));
}
