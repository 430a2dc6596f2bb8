/** io_uring_setup(2) and io_uring_register(2). */
import { ptr } from "bun:ffi";
import { get, pack } from "../abi.ts";
import { check } from "../error.ts";
import { Fd } from "../fd.ts";
import { libc } from "../libc.ts";
import { IO_CQRING_OFFSETS, IO_SQRING_OFFSETS, IO_URING_PARAMS } from "./layouts.ts";

const SYS_IO_URING_SETUP = 425;
const SYS_IO_URING_ENTER = 426;
const SYS_IO_URING_REGISTER = 427;

/** A ring as the kernel made it: its sizes, and where things are in it. */
export interface RawRing {
  readonly fd: Fd;
  readonly sqEntries: number;
  readonly cqEntries: number;
  readonly sqOffsets: Uint8Array;
  readonly cqOffsets: Uint8Array;
}

/**
 * @param entries of the submission queue, rounded up to a power of two
 * @param flags IORING_SETUP bits
 * @throws SystemError ENOSYS: not in this kernel; EPERM: forbidden by kernel.io_uring_disabled or a seccomp filter;
 *   EINVAL: a flag this kernel does not know
 */
export function setUpRing(entries: number, flags: number, about: string): RawRing {
  const params = pack(IO_URING_PARAMS, { flags });
  const number = check(libc.syscall(SYS_IO_URING_SETUP, entries, ptr(params), 0, 0, 0), "io_uring_setup", about);
  const { sq_entries, cq_entries, sq_off, cq_off } = IO_URING_PARAMS.fields;
  return {
    fd: new Fd(number, about),
    sqEntries: get(params, sq_entries),
    cqEntries: get(params, cq_entries),
    sqOffsets: params.subarray(sq_off.offset, sq_off.offset + IO_SQRING_OFFSETS.size),
    cqOffsets: params.subarray(cq_off.offset, cq_off.offset + IO_CQRING_OFFSETS.size),
  };
}

/** @throws SystemError */
export function registerWithRing(
  ring: Fd,
  operation: number,
  argument: Uint8Array | Int32Array | null,
  count: number,
): void {
  const address = argument === null ? 0 : ptr(argument);
  const result = libc.syscall(SYS_IO_URING_REGISTER, ring.number, operation, address, count, 0);
  check(result, `io_uring_register(${operation})`, ring.about);
}

/** Hands the kernel `count` entries of the submission queue. @returns how many it took, or minus errno */
export function enterRing(ring: number, count: number): number {
  return libc.syscall(SYS_IO_URING_ENTER, ring, count, 0, 0, 0);
}
