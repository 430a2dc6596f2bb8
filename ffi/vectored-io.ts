/** Reading, writing, syncing, allocating at an offset: what io_uring does too, in the calling thread. */
import { libc } from "./libc.ts";

const SYS_FDATASYNC = 75;
const SYS_FALLOCATE = 285;
const SYS_PREADV = 295;
const SYS_PWRITEV = 296;

/** fallocate(2)'s modes. */
export const FALLOC_FL = { KEEP_SIZE: 1, PUNCH_HOLE: 2, ZERO_RANGE: 16 } as const;

/** @param vector address of `count` iovecs @returns bytes read, 0 at the end of the file, or minus errno */
export function readVector(fd: number, vector: number, count: number, offset: number): number {
  return libc.syscall(SYS_PREADV, fd, vector, count, offset, 0);
}

/** @returns bytes written, or minus errno */
export function writeVector(fd: number, vector: number, count: number, offset: number): number {
  return libc.syscall(SYS_PWRITEV, fd, vector, count, offset, 0);
}

/** Writes a file's data to its disk. @returns 0, or minus errno */
export function syncData(fd: number): number {
  return libc.syscall(SYS_FDATASYNC, fd, 0, 0, 0, 0);
}

/** @param mode FALLOC_FL bits @returns 0, or minus errno */
export function allocate(fd: number, mode: number, offset: number, length: number): number {
  return libc.syscall(SYS_FALLOCATE, fd, mode, offset, length, 0);
}
