/** Puts a seccomp filter over this thread, or over all: seccomp(2). */
import { ptr } from "bun:ffi";
import { layout, pack, u16, u64 } from "../abi.ts";
import { check, SystemError } from "../error.ts";
import { libc } from "../libc.ts";
import { Mapping } from "../memory.ts";

/**
 * A filter's instructions, struct sock_filter: two words each. The first has the code in its lower half, then how far to
 * jump where the condition holds, and where it does not, 8 bits each; the second is the constant.
 */
export type FilterProgram = Uint32Array;
const WORDS = 2;

const SOCK_FPROG = layout("struct sock_fprog", "linux/filter.h", 16, { len: u16(0), filter: u64(8) });
const SYS_SECCOMP = 317;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const EBUSY = 16;

/**
 * There is no way back. The thread (or one it comes from) has set no_new_privs.
 * @param everyThread also over every other thread of the process, and what they start
 * @throws SystemError
 */
export function installFilter(program: FilterProgram, everyThread: boolean): void {
  const header = pack(SOCK_FPROG, { len: program.length / WORDS, filter: ptr(program) });
  install(ptr(header), everyThread);
}

/** A filter in memory of its own, for other threads of the process to put over themselves. @returns where */
export function placeFilter(program: FilterProgram): number {
  const mapping = Mapping.create(SOCK_FPROG.size + program.byteLength, { about: "a filter" });
  const filter = mapping.address + SOCK_FPROG.size;
  new Uint8Array(mapping.view()).set(pack(SOCK_FPROG, { len: program.length / WORDS, filter }));
  new Uint32Array(mapping.view(SOCK_FPROG.size)).set(program);
  return mapping.address;
}

/** Puts the filter that `placeFilter` placed over the calling thread. @throws SystemError */
export function installPlacedFilter(address: number): void {
  install(address, false);
}

function install(header: number, everyThread: boolean): void {
  const flags = everyThread ? SECCOMP_FILTER_FLAG_TSYNC : 0;
  const about = everyThread ? "every thread" : "this thread";
  const result = libc.syscall(SYS_SECCOMP, SECCOMP_SET_MODE_FILTER, flags, header, 0, 0);
  // With TSYNC: the id of a thread that has another filter.
  if (check(result, "seccomp", about) > 0) throw new SystemError("seccomp", EBUSY, `${about}: thread ${result}`);
}
