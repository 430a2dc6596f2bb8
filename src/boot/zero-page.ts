import type { E820Entry, Range } from "./e820.ts";
import { concat, u32, u64, viewOf } from "./pack.ts";
import { BOOT_FLAG, HDRS, HEADER, LOADFLAGS, TYPE_OF_LOADER_UNDEFINED } from "./setup-header.ts";

/** What the kernel is told. Addresses are guest-physical, sizes in bytes. */
export interface BootParams {
  /** A bzImage's own setup header; undefined for a vmlinux, which has none. */
  readonly setupHeader: Uint8Array | undefined;
  /** Of the command line, which ends with a NUL. */
  readonly commandLineAddress: number;
  readonly initrd: Range | undefined;
  readonly e820: readonly E820Entry[];
  readonly rsdpAddress: number | undefined;
  /** Of the first node of the setup_data list. */
  readonly setupDataAddress: number | undefined;
}

export const ZERO_PAGE_SIZE = 4096;
/** What a vmlinux takes as command line, its NUL not counted: COMMAND_LINE_SIZE of x86 Linux is 2048. */
export const ELF_COMMAND_LINE_MAX = 2047;
/** E820_MAX_ENTRIES_ZEROPAGE */
export const E820_ENTRIES_MAX = 128;

/** Outside the setup header (Documentation/x86/zero-page.rst; struct boot_params in asm/bootparam.h). */
const PAGE = {
  acpi_rsdp_addr: 0x070,
  ext_ramdisk_image: 0x0c0,
  ext_ramdisk_size: 0x0c4,
  ext_cmd_line_ptr: 0x0c8,
  e820_entries: 0x1e8,
  e820_table: 0x2d0,
} as const;
const E820_ENTRY_SIZE = 20;

/** The newest protocol whose fields are filled in for a vmlinux: 2.15, Linux 5.5. */
const VERSION = 0x020f;
/** CONFIG_PHYSICAL_ALIGN of every x86-64 Linux is at least this. */
const KERNEL_ALIGNMENT = 0x200000;
const SETUP_RNG_SEED = 9;

/**
 * struct boot_params for the 64-bit entry of Linux, one page.
 * @throws RangeError with more than 128 e820 entries.
 */
export function zeroPage(params: BootParams): Uint8Array {
  const page = new Uint8Array(ZERO_PAGE_SIZE);
  const view = viewOf(page);
  // Only the header is taken from the file: bytes before it hold a sentinel that tells Linux of a careless loader.
  page.set(params.setupHeader ?? vmlinuxHeader(), HEADER.setup_sects);
  view.setUint8(HEADER.type_of_loader, TYPE_OF_LOADER_UNDEFINED);
  view.setUint8(HEADER.loadflags, view.getUint8(HEADER.loadflags) | LOADFLAGS.LOADED_HIGH);

  setSplit(view, HEADER.cmd_line_ptr, PAGE.ext_cmd_line_ptr, params.commandLineAddress);
  if (params.initrd) {
    setSplit(view, HEADER.ramdisk_image, PAGE.ext_ramdisk_image, params.initrd.address);
    setSplit(view, HEADER.ramdisk_size, PAGE.ext_ramdisk_size, params.initrd.size);
  }
  view.setBigUint64(HEADER.setup_data, BigInt(params.setupDataAddress ?? 0), true);
  view.setBigUint64(PAGE.acpi_rsdp_addr, BigInt(params.rsdpAddress ?? 0), true);
  setE820(view, params.e820);
  return page;
}

/**
 * A setup_data node that seeds the guest's random number generator (SETUP_RNG_SEED, Linux 6.0 and later; older ones
 * skip it). The last of its list. Linux wipes the seed once it has used it.
 * @param seed 32 bytes are what Linux asks of its own boot stubs.
 */
export function rngSeedSetupData(seed: Uint8Array): Uint8Array {
  const next = 0;
  return concat(u64(next), u32(SETUP_RNG_SEED), u32(seed.length), seed);
}

/** The fields a running kernel still looks at; those only its decompressor reads stay zero. */
function vmlinuxHeader(): Uint8Array {
  const page = new Uint8Array(HEADER.limit);
  const view = viewOf(page);
  view.setUint16(HEADER.boot_flag, BOOT_FLAG, true);
  view.setUint32(HEADER.header, HDRS, true);
  view.setUint16(HEADER.version, VERSION, true);
  view.setUint32(HEADER.kernel_alignment, KERNEL_ALIGNMENT, true);
  view.setUint32(HEADER.cmdline_size, ELF_COMMAND_LINE_MAX, true);
  return page.subarray(HEADER.setup_sects);
}

/** A value whose upper half got a field of its own, far away, when 32 bits became too few. */
function setSplit(view: DataView, low: number, high: number, value: number): void {
  view.setUint32(low, value % 2 ** 32, true);
  view.setUint32(high, Math.floor(value / 2 ** 32), true);
}

function setE820(view: DataView, entries: readonly E820Entry[]): void {
  if (entries.length > E820_ENTRIES_MAX) {
    throw new RangeError(`${entries.length} memory map entries do not fit the zero page's ${E820_ENTRIES_MAX}`);
  }
  view.setUint8(PAGE.e820_entries, entries.length);
  for (const [i, { address, size, type }] of entries.entries()) {
    const at = PAGE.e820_table + i * E820_ENTRY_SIZE;
    view.setBigUint64(at, BigInt(address), true);
    view.setBigUint64(at + 8, BigInt(size), true);
    view.setUint32(at + 16, type, true);
  }
}
