/** What the host's kernel and C library can do, asked by calls that change nothing. */
import { ptr } from "bun:ffi";
import { check } from "./error.ts";
import { setUpRing } from "./io-uring/setup.ts";
import { libc } from "./libc.ts";

const SYS_SECCOMP = 317;
const SYS_LANDLOCK_CREATE_RULESET = 444;
const LANDLOCK_CREATE_RULESET_VERSION = 1;
const SECCOMP_GET_ACTION_AVAIL = 2;
const SECCOMP_RET_KILL_PROCESS = 0x80000000;
const PR_GET_SECCOMP = 21;

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
  setUpRing(1, 0, "io_uring").fd.close();
}

/** The C library's version, `2.36`. */
export function glibcVersion(): string {
  // A constant string of the library: never NULL.
  return libc.gnu_get_libc_version()!.toString();
}
