/** From whatever form a kernel comes in to its ELF file: done once, when it enters the store, and never in a guest. */
import { type BzImage, isBzImage, parseBzImage, payloadCompression } from "../../boot/bzimage.ts";
import { COMPRESSION_MAGIC_LENGTH, type Compression, compressionOf } from "../../boot/compression.ts";
import { isElf } from "../../boot/elf-header.ts";
import { BootError, DAMAGED } from "../../boot/error.ts";
import { IDENTIFY_LENGTH, identify } from "../../boot/identify.ts";
import type { LoadLimits } from "../../boot/limits.ts";
import { viewOf } from "../../boot/pack.ts";
import { type ByteSource, bytesSource, readHead } from "../../boot/source.ts";
import { decompress } from "./decompress.ts";

/** Any place RAM can be; how much of it a VM has is the VM's matter. */
export const ANYWHERE: LoadLimits = { lowest: 0x10_0000, highest: 2 ** 46 };

export interface UnpackedKernel {
  /** An ELF file, not checked further. */
  readonly elf: ByteSource;
  /** What it was: "ELF", "ELF in gzip", "bzImage, lz4". */
  readonly format: string;
}

/** @throws BootError when it is no kernel, or damaged */
export function unpackKernel(file: ByteSource): UnpackedKernel {
  const outer = compressionOf(readHead(file, COMPRESSION_MAGIC_LENGTH));
  const source = outer ? unpacked(file, file.read(0, file.size), outer) : file;
  const inside = outer ? ` in ${outer}` : "";
  const head = readHead(source, IDENTIFY_LENGTH + 8);
  if (isElf(head)) return { elf: source, format: `ELF${inside}` };
  if (!isBzImage(head)) {
    const { what, advice } = identify(head);
    throw new BootError(file.name, what, advice);
  }
  const image = parseBzImage(source, ANYWHERE);
  const compression = payloadCompression(source, image);
  if (compression === undefined) {
    // CONFIG_KERNEL_UNCOMPRESSED: the payload is the ELF file itself.
    const plain = bytesSource(file.name, source.read(image.payloadOffset, image.payloadLength));
    if (isElf(readHead(plain, 4))) return { elf: plain, format: `bzImage, not compressed${inside}` };
    throw new BootError(file.name, "its kernel is packed in a way volt does not know", "give its vmlinux");
  }
  const elf = unpacked(file, payload(source, image, compression), compression);
  checkSize(file.name, elf.size, source, image, compression);
  if (!isElf(readHead(elf, 4))) {
    throw new BootError(file.name, "what is packed in it is no ELF file", "give its vmlinux");
  }
  return { elf, format: `bzImage, ${compression}${inside}` };
}

/** But for gzip, which has it itself, the unpacked size follows the stream (Documentation/x86/boot.rst, payload_length). */
function payload(source: ByteSource, image: BzImage, compression: Compression): Uint8Array {
  return source.read(image.payloadOffset, Math.max(0, image.payloadLength - trailerSize(compression)));
}

function trailerSize(compression: Compression): number {
  return compression === "gzip" ? 0 : 4;
}

/** Not every compression notices that its data end too early. */
function checkSize(where: string, size: number, source: ByteSource, image: BzImage, compression: Compression): void {
  if (trailerSize(compression) === 0) return;
  const at = image.payloadOffset + image.payloadLength - trailerSize(compression);
  const promised = viewOf(source.read(at, trailerSize(compression))).getUint32(0, true);
  if (size === promised) return;
  throw new BootError(where, `it unpacks to ${size} bytes, and its header promises ${promised}`, DAMAGED);
}

function unpacked({ name }: ByteSource, bytes: Uint8Array, compression: Compression): ByteSource {
  return bytesSource(name, decompress(name, bytes, compression));
}
