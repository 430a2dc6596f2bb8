/** The compressions Linux kernels and distributions use. */
export type Compression = "gzip" | "xz" | "zstd" | "lz4" | "lzma" | "bzip2" | "lzo";

/** First bytes by which each is known. The legacy LZ4 frame is what kernels use, the second is the `lz4` program's. */
const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["lz4", [0x02, 0x21, 0x4c, 0x18]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["lzma", [0x5d, 0x00, 0x00]],
  ["lzo", [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a]],
];

/** How many bytes `compressionOf` wants to see. */
export const COMPRESSION_MAGIC_LENGTH = 9;

/** What the bytes are compressed with, by their first bytes; undefined when it is none of them. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  return MAGICS.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0];
}
