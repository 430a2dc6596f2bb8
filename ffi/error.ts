/** Turns "-1 and errno" into one typed error. */
import { read } from "bun:ffi";
import { libc } from "./libc.ts";

/** A system call that failed: which call, why, and what it was about. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  /** The call, as its manual page names it: `open`, `ioctl(KVM_CREATE_VM)`. */
  readonly call: string;
  /** errno as a number. */
  readonly errno: number;
  /** errno's name, `ENOENT`. */
  readonly code: string;
  /** What the call was about: a path, or what a descriptor is for. */
  readonly about: string;

  constructor(call: string, errno: number, about: string) {
    const code = libc.strerrorname_np(errno)?.toString() || `errno ${errno}`;
    super(`${about}: ${call}: ${libc.strerror(errno)} (${code})`);
    this.call = call;
    this.errno = errno;
    this.code = code;
    this.about = about;
  }
}

/** Where this thread has its errno. Asked once: between a call and its errno there is no room for another call. */
const location = libc.__errno_location()!;

/**
 * errno of this thread's last failed call. Read it right after the call, before anything else: whatever allocates may
 * make the garbage collector run, whose own system calls have an errno too.
 */
export function errno(): number {
  return read.i32(location, 0);
}

/**
 * Passes a result through, or throws when it says failure (any negative number).
 * @throws SystemError
 */
export function check(result: number, call: string, about: string): number {
  if (result < 0) throw new SystemError(call, errno(), about);
  return result;
}

export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  EBADFD: 77,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  ECONNRESET: 104,
  ECONNREFUSED: 111,
} as const;
