/** What the host's kernel and C library can do, asked by calls that change nothing. */
import { ptr } from "bun:ffi";
import { layout, u32 } from "./abi.ts";
import { check } from "./error.ts";
import { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

const SYS_SECCOMP = 317;
const SYS_IO_URING_SETUP = 425;
const SYS_LANDLOCK_CREATE_RULESET = 444;
const LANDLOCK_CREATE_RULESET_VERSION = 1;
const SECCOMP_GET_ACTION_AVAIL = 2;
const SECCOMP_RET_KILL_PROCESS = 0x80000000;
const PR_GET_SECCOMP = 21;

export const IO_URING_PARAMS = layout("struct io_uring_params", "linux/io_uring.h", 120, {
  sq_entries: u32(0),
  cq_entries: u32(4),
  flags: u32(8),
  features: u32(20),
});

/**
 * The version of Landlock, 1 and up. See landlock_create_ruleset(2).
 * @throws SystemError ENOSYS: not in this kernel; EOPNOTSUPP: built in, but off since boot
 */
export function landlockAbi(): number {
  const abi = libc.syscall(SYS_LANDLOCK_CREATE_RULESET, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0);
  return check(abi, "landlock_create_ruleset", "Landlock");
}

/**
 * Asks for seccomp filters that can end a process, Linux 4.14 and up. See seccomp(2).
 * @throws SystemError ENOSYS, EINVAL, EOPNOTSUPP: not in this kernel
 */
export function checkSeccomp(): void {
  const action = new Uint32Array([SECCOMP_RET_KILL_PROCESS]);
  check(libc.prctl(PR_GET_SECCOMP, 0, 0, 0, 0), "prctl(PR_GET_SECCOMP)", "seccomp");
  const available = libc.syscall(SYS_SECCOMP, SECCOMP_GET_ACTION_AVAIL, 0, ptr(action), 0, 0);
  check(available, "seccomp(SECCOMP_GET_ACTION_AVAIL)", "seccomp");
}

/**
 * Makes a ring of one entry and gives it back. See io_uring_setup(2).
 * @throws SystemError ENOSYS: not in this kernel; EPERM: forbidden by kernel.io_uring_disabled or a seccomp filter
 */
export function checkIoUring(): void {
  const params = new Uint8Array(IO_URING_PARAMS.size);
  const ring = libc.syscall(SYS_IO_URING_SETUP, 1, ptr(params), 0, 0, 0);
  using _ = new Fd(check(ring, "io_uring_setup", "io_uring"), "io_uring");
}

/** The C library's version, `2.36`. */
export function glibcVersion(): string {
  // A constant string of the library: never NULL.
  return libc.gnu_get_libc_version()!.toString();
}
