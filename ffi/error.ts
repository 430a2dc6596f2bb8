/** Turns "minus errno" into one typed error. */
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
  /** errno in words: "No such file or directory". */
  readonly reason: string;
  /** What the call was about: a path, or what a descriptor is for. */
  readonly about: string;

  constructor(call: string, errno: number, about: string) {
    const code = libc.strerrorname_np(errno)?.toString() || `errno ${errno}`;
    const reason = `${libc.strerror(errno)}`;
    super(`${about}: ${call}: ${reason} (${code})`);
    this.reason = reason;
    this.call = call;
    this.errno = errno;
    this.code = code;
    this.about = about;
  }
}

/**
 * Passes a result through, or throws when it is minus errno.
 * @throws SystemError
 */
export function check(result: number, call: string, about: string): number {
  if (result < 0) throw new SystemError(call, -result, about);
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
  ELOOP: 40,
  EBADFD: 77,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  ECONNRESET: 104,
  ECONNREFUSED: 111,
} as const;

/** Whether a call's answer means no more than: not now. */
export function isForLater(result: number): boolean {
  return result === -Errno.EAGAIN || result === -Errno.EINTR;
}
