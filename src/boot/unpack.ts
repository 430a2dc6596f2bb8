import { COMPRESSION_MAGIC_LENGTH, type Compression, compressionOf } from "./compression.ts";
import { BootError, DAMAGED } from "./error.ts";
import { type ByteSource, bytesSource, readHead } from "./source.ts";

/** A vmlinux with debug information stays under this; a small file that unpacks to more is an attack on memory. */
const UNPACKED_MAX = 512 * 1024 * 1024;

type Unpacker = (packed: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

/** node:zlib takes 8 ms to load: only a packed kernel pays for it. */
const UNPACKERS: Partial<Record<Compression, () => Unpacker>> = {
  gzip: () => process.getBuiltinModule("node:zlib").gunzipSync,
  zstd: () => process.getBuiltinModule("node:zlib").zstdDecompressSync,
};

/** A source that is compressed as a whole, unpacked into memory. */
export interface Unpacked {
  readonly source: ByteSource;
  readonly compression: Compression | undefined;
}

/**
 * Unpacks a file compressed as a whole with gzip or zstd; any other comes back as it is. Done once, not again
 * on what came out.
 * @throws BootError when it is damaged or larger than 512 MiB, packed or unpacked.
 */
export function unpack(source: ByteSource, max = UNPACKED_MAX): Unpacked {
  const compression = compressionOf(readHead(source, COMPRESSION_MAGIC_LENGTH));
  const unpacker = compression && UNPACKERS[compression]?.();
  if (!unpacker) {
    return { source, compression: undefined };
  }
  if (source.size > max) {
    throw new BootError(source.name, `${source.size} bytes of ${compression} are no kernel`, "give a kernel");
  }
  try {
    const bytes = unpacker(source.read(0, source.size), { maxOutputLength: max });
    // Of a zstd file cut short Bun gives what there is; the image's own headers tell what is missing, if there are any.
    if (bytes.length === 0) {
      throw new BootError(source.name, `it cannot be unpacked with ${compression} (nothing came out)`, DAMAGED);
    }
    return { source: bytesSource(source.name, bytes), compression };
  } catch (error) {
    throw unpackError(source.name, compression, error, max);
  }
}

function unpackError(where: string, compression: Compression, error: unknown, max: number): Error {
  if (error instanceof BootError) {
    return error;
  }
  if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
    return new BootError(where, `it unpacks to more than ${max} bytes`, "no kernel is that large: give a vmlinux");
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new BootError(where, `it cannot be unpacked with ${compression} (${reason})`, DAMAGED);
}
