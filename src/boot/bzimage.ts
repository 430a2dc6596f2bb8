import { COMPRESSION_MAGIC_LENGTH, type Compression, compressionOf } from "./compression.ts";
import { BootError, CUT_SHORT, DAMAGED } from "./error.ts";
import { checkRange, type LoadLimits } from "./limits.ts";
import { readU64, viewOf } from "./pack.ts";
import { BOOT_FLAG, HDRS, HEADER, MINIMUM_VERSION, XLF } from "./setup-header.ts";
import { type ByteSource, readHead } from "./source.ts";

/** A Linux bzImage with a 64-bit entry. Sizes in bytes, addresses guest-physical. */
export interface BzImage {
  /** Boot protocol, major in the high byte: 0x020f is 2.15. */
  readonly version: number;
  /** The part to load: everything after the real-mode setup sectors. */
  readonly kernelOffset: number;
  readonly kernelSize: number;
  /** Where that part goes, a multiple of `alignment`. */
  readonly loadAddress: number;
  readonly alignment: number;
  readonly relocatable: boolean;
  /** Memory the kernel uses from `loadAddress` on before it looks at the memory map, so nothing may lie there. */
  readonly initSize: number;
  /** The longest command line it takes, its NUL not counted. */
  readonly commandLineMax: number;
  /** The last byte of the initrd may not lie above this. */
  readonly initrdAddressMax: number;
  /** Whether kernel, zero page, command line and initrd may lie above 4 GiB. */
  readonly above4G: boolean;
  /** The compressed vmlinux: offsets in the file. */
  readonly payloadOffset: number;
  readonly payloadLength: number;
  /** The setup header's own bytes, from file offset 0x1f1, for the zero page. */
  readonly setupHeader: Uint8Array;
}

const SECTOR = 512;
const HEAD_SIZE = 0x300;
const ADVICE = "give a 64-bit x86 vmlinux or bzImage";

/** Whether the bytes begin as a bzImage does. */
export function isBzImage(head: Uint8Array): boolean {
  return (
    head.length >= HEADER.version &&
    viewOf(head).getUint16(HEADER.boot_flag, true) === BOOT_FLAG &&
    viewOf(head).getUint32(HEADER.header, true) === HDRS
  );
}

/**
 * Reads and checks the header of the Linux boot protocol (Documentation/x86/boot.rst).
 * @throws BootError when it is no bzImage, has no 64-bit entry, is damaged, or does not fit.
 */
export function parseBzImage(source: ByteSource, limits: LoadLimits): BzImage {
  const head = checkedHead(source);
  const view = viewOf(head);
  const image = {
    version: view.getUint16(HEADER.version, true),
    ...kernelPart(source, view),
    loadAddress: readU64(view, HEADER.pref_address),
    alignment: view.getUint32(HEADER.kernel_alignment, true),
    relocatable: view.getUint8(HEADER.relocatable_kernel) !== 0,
    initSize: view.getUint32(HEADER.init_size, true),
    commandLineMax: view.getUint32(HEADER.cmdline_size, true),
    initrdAddressMax: view.getUint32(HEADER.initrd_addr_max, true),
    above4G: (view.getUint16(HEADER.xloadflags, true) & XLF.CAN_BE_LOADED_ABOVE_4G) !== 0,
    setupHeader: setupHeader(source.name, head),
  };
  checkPlace(source.name, image, limits);
  return image;
}

/** What the vmlinux inside is compressed with; undefined when its magic is none that is known. */
export function payloadCompression(source: ByteSource, image: BzImage): Compression | undefined {
  const length = Math.min(image.payloadLength, COMPRESSION_MAGIC_LENGTH);
  return compressionOf(source.read(image.payloadOffset, length));
}

function checkedHead(source: ByteSource): Uint8Array {
  const head = readHead(source, HEAD_SIZE);
  if (!isBzImage(head)) {
    throw new BootError(source.name, "this is no bzImage", ADVICE);
  }
  if (head.length < HEAD_SIZE) {
    throw new BootError(source.name, `its setup header ends after ${head.length} bytes`, CUT_SHORT);
  }
  const view = viewOf(head);
  const version = view.getUint16(HEADER.version, true);
  if (version < MINIMUM_VERSION) {
    const text = `${version >> 8}.${String(version & 0xff).padStart(2, "0")}`;
    throw new BootError(source.name, `it speaks boot protocol ${text}`, "volt needs 2.12: use Linux 3.8 or later");
  }
  if ((view.getUint16(HEADER.xloadflags, true) & XLF.KERNEL_64) === 0) {
    throw new BootError(source.name, "this kernel has no 64-bit entry", "use a kernel built for x86-64 (CONFIG_64BIT)");
  }
  return head;
}

/** Where in the file the protected-mode kernel and the payload in it lie. */
function kernelPart(source: ByteSource, view: DataView) {
  // boot.rst: "If the setup_sects field contains 0, the real value is 4."
  const setupSectors = view.getUint8(HEADER.setup_sects) || 4;
  const kernelOffset = (setupSectors + 1) * SECTOR;
  // syssize counts 16-byte paragraphs. A signature may follow, so the file may be longer, never shorter.
  const kernelSize = view.getUint32(HEADER.syssize, true) * 16;
  if (kernelOffset + kernelSize > source.size) {
    throw new BootError(
      source.name,
      `its header promises ${kernelOffset + kernelSize} bytes, the file has ${source.size}`,
      CUT_SHORT,
    );
  }
  const payloadOffset = view.getUint32(HEADER.payload_offset, true);
  const payloadLength = view.getUint32(HEADER.payload_length, true);
  if (payloadLength === 0 || payloadOffset + payloadLength > kernelSize) {
    throw new BootError(source.name, "the compressed kernel lies outside its bzImage", DAMAGED);
  }
  return { kernelOffset, kernelSize, payloadOffset: kernelOffset + payloadOffset, payloadLength };
}

/** The header's length is in the operand of the jump that skips it (boot.rst, "The Real-mode Kernel Header"). */
function setupHeader(where: string, head: Uint8Array): Uint8Array {
  const end = HEADER.header + (head[HEADER.jump + 1] ?? 0);
  if (end < HEADER.handover_offset || end > HEADER.limit) {
    throw new BootError(where, `its setup header ends at byte ${end}`, DAMAGED);
  }
  return head.slice(HEADER.setup_sects, end);
}

type Place = Pick<BzImage, "loadAddress" | "alignment" | "initSize" | "kernelSize">;

function checkPlace(where: string, { loadAddress, alignment, initSize, kernelSize }: Place, limits: LoadLimits): void {
  // The kernel aligns itself up when it starts; were that a move, it would leave the memory reserved for it.
  if (alignment === 0 || loadAddress % alignment !== 0) {
    throw new BootError(where, `its load address is not aligned to kernel_alignment (${alignment})`, DAMAGED);
  }
  checkRange(where, "the kernel", loadAddress, Math.max(initSize, kernelSize), limits);
}
