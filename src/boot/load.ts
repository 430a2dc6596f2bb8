/** Puts a checked kernel image and an initrd into guest memory. */
import type { Fd } from "../../ffi/fd.ts";
import type { GuestMemory } from "../memory/guest.ts";
import type { Range } from "./e820.ts";
import { BootError } from "./error.ts";
import type { KernelImage } from "./kernel.ts";

const PAGE = 4096;

/** `map`: whole pages come straight from the file, shared until written. `copy`: everything is read. */
export type LoadMode = "map" | "copy";

/**
 * @param file what `image.source` reads, when that is a file that can be mapped
 * @returns the guest-physical range the kernel occupies, memory it wants beyond its file included
 */
export function loadKernel(memory: GuestMemory, image: KernelImage, file: Fd, mode: LoadMode): Range {
  if (image.format === "bzimage") {
    const { loadAddress: address, initSize: size, kernelOffset, kernelSize } = image;
    copy(memory, image, file, { fileOffset: kernelOffset, guestAddress: address, size: kernelSize });
    return { address, size: Math.max(size, kernelSize) };
  }
  for (const { fileOffset, fileSize, guestAddress } of image.segments) {
    const part = { fileOffset, guestAddress, size: fileSize };
    if (mode === "map" && canMap(image, part)) mapPages(memory, image, file, part);
    else copy(memory, image, file, part);
  }
  const start = Math.min(...image.segments.map(({ guestAddress }) => guestAddress));
  const end = Math.max(...image.segments.map(({ guestAddress, memorySize }) => guestAddress + memorySize));
  return { address: start, size: end - start };
}

/** A stretch of the image and where it goes; bytes. */
interface ImagePart {
  readonly fileOffset: number;
  readonly guestAddress: number;
  readonly size: number;
}

/** An image that was unpacked has no file with its pages, and a file's pages only fit where both sides agree modulo 4 KiB. */
function canMap(image: KernelImage, { fileOffset, guestAddress }: ImagePart): boolean {
  return image.compression === undefined && fileOffset % PAGE === guestAddress % PAGE;
}

/** Maps the whole pages of a part and copies what sticks out on either side. */
function mapPages(memory: GuestMemory, image: KernelImage, file: Fd, part: ImagePart): void {
  const end = part.guestAddress + part.size;
  const first = Math.ceil(part.guestAddress / PAGE) * PAGE;
  const last = Math.floor(end / PAGE) * PAGE;
  if (last <= first) {
    copy(memory, image, file, part);
    return;
  }
  const offsetOf = (address: number) => part.fileOffset + (address - part.guestAddress);
  const piece = (from: number, to: number) => ({ fileOffset: offsetOf(from), guestAddress: from, size: to - from });
  copy(memory, image, file, piece(part.guestAddress, first));
  memory.mapFile(first, file, offsetOf(first), last - first);
  copy(memory, image, file, piece(last, end));
}

function copy(memory: GuestMemory, image: KernelImage, file: Fd, { fileOffset, guestAddress, size }: ImagePart): void {
  if (size === 0) return;
  memory.preferHugePages(guestAddress, size);
  if (image.compression === undefined) memory.load(guestAddress, file, fileOffset, size);
  else memory.write(guestAddress, image.source.read(fileOffset, size));
}

/**
 * Where an initrd goes: as high as the kernel may look, page-aligned, clear of the kernel.
 * @throws BootError when there is no room
 */
export function placeInitrd(name: string, size: number, memory: GuestMemory, image: KernelImage, kernel: Range): Range {
  const highest = image.format === "bzimage" ? Math.min(memory.lowEnd, image.initrdAddressMax + 1) : memory.lowEnd;
  const address = Math.floor((highest - size) / PAGE) * PAGE;
  if (address < kernel.address + kernel.size) {
    const mib = Math.ceil((kernel.address + kernel.size + size) / 2 ** 20) + 16;
    throw new BootError(
      name,
      `an initrd of ${size} bytes does not fit beside the kernel`,
      `give the guest more memory, for example --memory ${mib}M`,
    );
  }
  return { address, size };
}
