/** Reading, writing, syncing, allocating at an offset: what io_uring does too, in the calling thread. */
import { libc } from "./libc.ts";

const SYS_FDATASYNC = 75;
const SYS_FALLOCATE = 285;

/** A bit of preadv2's flags: EAGAIN rather than wait, EOPNOTSUPP where the filesystem can't tell. */
export const RWF_NOWAIT = 8;

/** fallocate(2)'s modes. */
export const FALLOC_FL = { KEEP_SIZE: 1, PUNCH_HOLE: 2, ZERO_RANGE: 16 } as const;

/**
 * @param vector address of `count` iovecs
 * @param flags RWF bits
 * @returns bytes read, 0 at the end of the file, or minus errno
 */
export function readVector(fd: number, vector: number, count: number, offset: number, flags = 0): number {
  return libc.preadv2(fd, vector, count, offset, 0, flags);
}

/** @returns bytes written, or minus errno */
export function writeVector(fd: number, vector: number, count: number, offset: number): number {
  return libc.pwritev2(fd, vector, count, offset, 0, 0);
}

/** Writes a file's data to its disk. @returns 0, or minus errno */
export function syncData(fd: number): number {
  return libc.syscall(SYS_FDATASYNC, fd, 0, 0, 0, 0);
}

/** @param mode FALLOC_FL bits @returns 0, or minus errno */
export function allocate(fd: number, mode: number, offset: number, length: number): number {
  return libc.syscall(SYS_FALLOCATE, fd, mode, offset, length, 0);
}
