import { type BzImage, isBzImage, parseBzImage } from "./bzimage.ts";
import type { Compression } from "./compression.ts";
import { type ElfImage, parseElf } from "./elf.ts";
import { isElf } from "./elf-header.ts";
import { BootError } from "./error.ts";
import { IDENTIFY_LENGTH, identify } from "./identify.ts";
import type { LoadLimits } from "./limits.ts";
import { ENTRY_64_OFFSET } from "./setup-header.ts";
import { type ByteSource, readHead } from "./source.ts";
import { unpack } from "./unpack.ts";

interface KernelFile {
  /** What the image's offsets refer to: the file, or its unpacked contents in memory. */
  readonly source: ByteSource;
  /** What the whole file was compressed with. */
  readonly compression: Compression | undefined;
}

/** A kernel that was checked and can be loaded. */
export type KernelImage = KernelFile &
  (({ readonly format: "elf" } & ElfImage) | ({ readonly format: "bzimage" } & BzImage));

export type Protocol = "linux" | "pvh";

/** How the guest is entered. */
export interface Entry {
  readonly protocol: Protocol;
  /** Guest-physical; 64-bit long mode for "linux", 32-bit protected mode without paging for "pvh". */
  readonly entry: number;
  /** For the log. */
  readonly why: string;
}

/**
 * Finds out what a file is, by its contents alone, and checks all of its headers.
 * @throws BootError that says what the file is instead, or what is wrong with it.
 */
export function parseKernel(file: ByteSource, limits: LoadLimits): KernelImage {
  const { source, compression } = unpack(file);
  const head = readHead(source, IDENTIFY_LENGTH + 8);
  if (isElf(head)) {
    return { format: "elf", source, compression, ...parseElf(source, limits) };
  }
  if (isBzImage(head)) {
    return { format: "bzimage", source, compression, ...parseBzImage(source, limits) };
  }
  const { what, advice } = identify(head);
  throw new BootError(source.name, what, advice);
}

/**
 * Picks the boot protocol. Left to itself ("auto") a Linux image is entered by its 64-bit entry, since only the zero
 * page can carry a random seed and no switch of CPU mode is left to the guest; PVH is for all else that offers it.
 * @throws BootError when the image has no entry of the kind wished for.
 */
export function chooseProtocol(image: KernelImage, wish: "auto" | Protocol): Entry {
  if (image.format === "bzimage") {
    if (wish === "pvh") {
      throw new BootError(image.source.name, "a bzImage has no PVH entry", "use the 64-bit entry, or give its vmlinux");
    }
    return { protocol: "linux", entry: image.loadAddress + ENTRY_64_OFFSET, why: "a bzImage has a 64-bit entry" };
  }
  const { entry, pvhEntry, isLinux } = image;
  if (wish === "pvh" && pvhEntry === undefined) {
    throw new BootError(
      image.source.name,
      "this kernel has no PVH entry",
      "use the 64-bit entry, or a kernel built with CONFIG_PVH",
    );
  }
  if (wish === "linux") {
    return { protocol: "linux", entry, why: "the 64-bit entry was asked for" };
  }
  if (pvhEntry === undefined || (wish === "auto" && isLinux)) {
    const why = isLinux ? "Linux takes a random seed by its 64-bit entry" : "the ELF file has no PVH entry";
    return { protocol: "linux", entry, why };
  }
  const why = wish === "pvh" ? "PVH was asked for" : "the ELF file has a PVH entry and does not say it is Linux";
  return { protocol: "pvh", entry: pvhEntry, why };
}
