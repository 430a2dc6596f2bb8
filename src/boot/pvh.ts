import type { E820Entry, Range } from "./e820.ts";
import { concat, u32, u64 } from "./pack.ts";

/** What a PVH guest is told. Addresses are guest-physical, sizes in bytes. */
export interface PvhStart {
  /** Where the result will lie; a multiple of 8. */
  readonly address: number;
  /** Of the command line, which ends with a NUL. */
  readonly commandLineAddress: number;
  /** Handed over as the first module, which Linux takes for its initrd. */
  readonly initrd: Range | undefined;
  readonly memoryMap: readonly E820Entry[];
  readonly rsdpAddress: number | undefined;
}

const XEN_HVM_START_MAGIC_VALUE = 0x336ec578;
/** 1 brought the memory map. */
const VERSION = 1;
const START_INFO_SIZE = 56;
const MODLIST_ENTRY_SIZE = 32;

/**
 * struct hvm_start_info, then its module list and memory map, to be written at `start.address`; EBX points there when
 * the guest starts (Xen, docs/misc/pvh.pandoc and xen/include/public/arch-x86/hvm/start_info.h).
 */
export function pvhStartInfo(start: PvhStart): Uint8Array {
  const modules = start.initrd ? [start.initrd] : [];
  const modulesAddress = start.address + START_INFO_SIZE;
  const mapAddress = modulesAddress + modules.length * MODLIST_ENTRY_SIZE;
  return concat(
    u32(XEN_HVM_START_MAGIC_VALUE),
    u32(VERSION),
    u32(0), // flags: neither privileged nor the initial domain
    u32(modules.length),
    u64(modules.length > 0 ? modulesAddress : 0),
    u64(start.commandLineAddress),
    u64(start.rsdpAddress ?? 0),
    u64(mapAddress),
    u32(start.memoryMap.length),
    u32(0),
    ...modules.map(modlistEntry),
    ...start.memoryMap.map(memmapEntry),
  );
}

/** struct hvm_modlist_entry: without a command line of its own. */
function modlistEntry({ address, size }: Range): Uint8Array {
  return concat(u64(address), u64(size), u64(0), u64(0));
}

/** struct hvm_memmap_table_entry: its types are those of e820. */
function memmapEntry({ address, size, type }: E820Entry): Uint8Array {
  return concat(u64(address), u64(size), u32(type), u32(0));
}
