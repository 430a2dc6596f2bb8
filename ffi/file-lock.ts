/**
 * Advisory locks that belong to an open file, not to a process, and so survive an exec (fcntl(2), "Open file description
 * locks").
 */
import { ptr } from "bun:ffi";
import { layout, pack, u16, u64 } from "./abi.ts";
import { Errno, SystemError } from "./error.ts";
import type { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

export const FLOCK = layout("struct flock", "fcntl.h", 32, {
  l_type: u16(0),
  l_whence: u16(2),
  l_start: u64(8),
  l_len: u64(16),
});

export const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;

/**
 * Locks the whole file for as long as it is open: for nobody but us, or together with other readers.
 * @returns false when somebody else's lock is in the way
 * @throws SystemError ENOLCK and its like where the filesystem has no locks
 */
export function lockFile(fd: Fd, kind: "exclusive" | "shared"): boolean {
  const lock = pack(FLOCK, { l_type: kind === "exclusive" ? F_WRLCK : F_RDLCK });
  // variadic in C: the third argument is a pointer here.
  const result = libc.fcntl(fd.number, F_OFD_SETLK, ptr(lock));
  if (result === 0) return true;
  const code = -result;
  if (code === Errno.EAGAIN || code === Errno.EACCES) return false;
  throw new SystemError("fcntl(F_OFD_SETLK)", code, fd.about);
}
