import { BootError, CUT_SHORT } from "./error.ts";

/** Bytes to parse: a file, or memory. Nothing is read that was not asked for, so a large kernel can stay on disk. */
export interface ByteSource {
  /** How messages call it, usually the path. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`, or it throws. The caller does not write to them. */
  read(offset: number, length: number): Uint8Array;
}

/**
 * A source over bytes already in memory.
 * @throws BootError from `read` when the range is not wholly inside.
 */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
        throw new BootError(name, `it ends before byte ${offset + length}`, CUT_SHORT);
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** The first `length` bytes, or all there are when the source is shorter. */
export function readHead(source: ByteSource, length: number): Uint8Array {
  return source.read(0, Math.min(length, source.size));
}
