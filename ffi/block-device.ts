/** What a disk says about itself: block devices, and files read around the page cache. */
import { ptr } from "bun:ffi";
import { get, layout, pack, u32 } from "./abi.ts";
import { check } from "./error.ts";
import type { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

const BLKSSZGET = 0x1268;
const BLKPBSZGET = 0x127b;
const BLKDISCARD = 0x1277;

/** What a running disk asks of its block device. */
export const BLOCK_REQUESTS = { BLKDISCARD } as const;

/** What a disk asks of a block device that it is to be on. */
export const SIZE_REQUESTS = { BLKSSZGET, BLKPBSZGET } as const;

const SEEK_END = 2;

const SYS_STATX = 332;
const AT_EMPTY_PATH = 0x1000;
/** Of the one statx call here. */
export const STATX_FLAGS = { AT_EMPTY_PATH } as const;
const STATX_DIOALIGN = 0x2000;

export const STATX = layout("struct statx", "linux/stat.h", 256, {
  stx_mask: u32(0),
  stx_dio_mem_align: u32(152),
  stx_dio_offset_align: u32(156),
});

/** Bytes of a regular file or a block device, now. @throws SystemError */
export function sizeOf(fd: Fd): number {
  return check(libc.lseek(fd.number, 0, SEEK_END), "lseek", fd.about);
}

/** A block device's sector sizes in bytes: what it can address, and what it is made of. @throws SystemError */
export function sectorSizes(fd: Fd): { readonly logical: number; readonly physical: number } {
  return { logical: askInteger(fd, BLKSSZGET, "BLKSSZGET"), physical: askInteger(fd, BLKPBSZGET, "BLKPBSZGET") };
}

/** Tells a block device that a range holds nothing any more. Waits for it. @returns 0, or minus errno */
export function discardRange(fd: number, offset: number, length: number): number {
  const range = new BigUint64Array([BigInt(offset), BigInt(length)]);
  return libc.ioctl(fd, BLKDISCARD, range);
}

/** What O_DIRECT wants buffers, and offsets and lengths, to be multiples of, in bytes. */
export interface DirectAlignment {
  readonly memory: number;
  readonly offset: number;
}

/** @returns undefined where the kernel (before 6.1) or the filesystem does not say */
export function directAlignment(fd: Fd): DirectAlignment | undefined {
  const statx = pack(STATX);
  const empty = new Uint8Array(1);
  const result = libc.syscall(SYS_STATX, fd.number, ptr(empty), AT_EMPTY_PATH, STATX_DIOALIGN, ptr(statx));
  if (result < 0 || (get(statx, STATX.fields.stx_mask) & STATX_DIOALIGN) === 0) return undefined;
  const memory = get(statx, STATX.fields.stx_dio_mem_align);
  const offset = get(statx, STATX.fields.stx_dio_offset_align);
  return memory > 0 && offset > 0 ? { memory, offset } : undefined;
}

function askInteger(fd: Fd, request: number, name: string): number {
  const value = new Int32Array(1);
  check(libc.ioctl(fd.number, request, value), `ioctl(${name})`, fd.about);
  return value[0]!;
}
