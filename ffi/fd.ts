/** File descriptors that close themselves. */
import { ptr } from "bun:ffi";
import { get, layout, u32, u64 } from "./abi.ts";
import { check, Errno, SystemError } from "./error.ts";
import { libc } from "./libc.ts";
import { AT } from "./namespaces.ts";

export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DIRECT: 0o40000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  CLOEXEC: 0o2000000,
  /** Only a name for the file: it can't be read, it can be executed and named in rules. */
  PATH: 0o10000000,
} as const;

/** flock(2). */
const LOCK_EX = 2;
const LOCK_NB = 4;

const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const FD_CLOEXEC = 1;
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 0x10;
/** SEAL, SHRINK, GROW, WRITE: nobody can change the file any more. */
const ALL_SEALS = 0b1111;

export const STAT = layout("struct stat", "sys/stat.h", 144, {
  st_dev: u64(0),
  st_ino: u64(8),
  st_mode: u32(24),
  st_uid: u32(28),
  st_rdev: u64(40),
  st_size: u64(48),
  st_mtime: u64(88),
});

/** What kind of file a descriptor leads to, and how many bytes it holds. */
export interface FileStatus {
  readonly kind: "file" | "directory" | "block" | "character" | "fifo" | "socket" | "link";
  readonly size: number;
}

/** A file system, and a file in it. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

const KINDS: Readonly<Record<number, FileStatus["kind"]>> = {
  1: "fifo",
  2: "character",
  4: "directory",
  6: "block",
  8: "file",
  10: "link",
  12: "socket",
};

/** An open file descriptor and what it is for. Close it with `using` or `close()`. */
export class Fd implements Disposable {
  #number: number;
  /** What the descriptor leads to, for error messages. */
  readonly about: string;

  constructor(number: number, about: string) {
    this.#number = number;
    this.about = about;
  }

  /**
   * Opens a path, close-on-exec.
   * @throws SystemError carrying the path
   */
  static open(path: string, flags: number, mode = 0o600): Fd {
    return new Fd(check(libc.openat(AT.FDCWD, cString(path), flags | O.CLOEXEC, mode), "open", path), path);
  }

  /**
   * A sealed, anonymous file holding `bytes`: it can be handed on, and nobody can change it.
   * @param isProgram whether it is to be executed: newer kernels may be set to make files that can't be
   * @throws SystemError EACCES where the host allows no such program (sysctl vm.memfd_noexec=2)
   */
  static sealed(name: string, bytes: Uint8Array, isProgram = false): Fd {
    const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    let number = libc.memfd_create(cString(name), isProgram ? flags | MFD_EXEC : flags);
    // Before Linux 6.3 there is no such flag, and every such file can be executed.
    if (number === -Errno.EINVAL && isProgram) number = libc.memfd_create(cString(name), flags);
    const fd = new Fd(check(number, "memfd_create", name), name);
    try {
      fd.writeAll(bytes);
      check(libc.fcntl(fd.number, F_ADD_SEALS, ALL_SEALS), "fcntl(F_ADD_SEALS)", name);
      return fd;
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /** The number the kernel knows it by. */
  get number(): number {
    if (this.#number < 0) throw new SystemError("use", Errno.EBADF, `${this.about} (already closed)`);
    return this.#number;
  }

  /** Whether this is a file made by `sealed`. */
  get isSealed(): boolean {
    const seals = libc.fcntl(this.number, F_GET_SEALS, 0);
    // Newer kernels add one of their own: such a file can't become a program.
    return seals >= 0 && (seals & ALL_SEALS) === ALL_SEALS;
  }

  status(): FileStatus {
    const stat = this.#stat();
    const kind = KINDS[get(stat, STAT.fields.st_mode) >>> 12];
    if (kind === undefined) throw new SystemError("fstat", Errno.EINVAL, this.about);
    return { kind, size: get(stat, STAT.fields.st_size) };
  }

  /** Which file this is: no two have the same, and one has it by whatever path it is opened. */
  identity(): FileIdentity {
    const stat = this.#stat();
    return { device: get(stat, STAT.fields.st_dev), inode: get(stat, STAT.fields.st_ino) };
  }

  /** Whose it is, and what others may do with it: the nine bits of its mode. */
  access(): { readonly uid: number; readonly mode: number } {
    const stat = this.#stat();
    return { uid: get(stat, STAT.fields.st_uid), mode: get(stat, STAT.fields.st_mode) & 0o777 };
  }

  /** The device that holds its blocks, as a dev_t: that of its file system, or itself where it is a block device. */
  blockDevice(): number {
    const stat = this.#stat();
    const { st_mode, st_dev, st_rdev } = STAT.fields;
    return get(stat, KINDS[get(stat, st_mode) >>> 12] === "block" ? st_rdev : st_dev);
  }

  /** When it was last written, in milliseconds since 1970, to the second. */
  modifiedMs(): number {
    const stat = this.#stat();
    return get(stat, STAT.fields.st_mtime) * 1000;
  }

  /** A STAT. */
  #stat(): Uint8Array {
    const stat = new Uint8Array(STAT.size);
    check(libc.fstat(this.number, stat), "fstat", this.about);
    return stat;
  }

  /** Bytes at `offset`; fewer than `length` only where the file ends. */
  readAt(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, this.readInto(bytes.length === 0 ? 0 : ptr(bytes), offset, length, bytes));
  }

  /**
   * Reads from `offset` of the file straight into memory at `address`.
   * @param keep what owns that memory, referenced until the call is over
   * @returns bytes read: fewer than `length` only where the file ends
   */
  readInto(address: number, offset: number, length: number, keep?: unknown): number {
    let done = 0;
    while (done < length) {
      const n = libc.pread(this.number, address + done, length - done, offset + done);
      if (n === -Errno.EINTR) continue;
      if (check(n, "pread", this.about) === 0) break;
      done += n;
    }
    void keep;
    return done;
  }

  /** One `read`: how many bytes came, or minus errno (so that EAGAIN is no exception on a busy path). */
  read(into: Uint8Array): number {
    return libc.read(this.number, into, into.length);
  }

  /** One `write`: how many bytes went, or minus errno. */
  write(bytes: Uint8Array): number {
    return libc.write(this.number, bytes, bytes.length);
  }

  /** Writes everything to a blocking descriptor. */
  writeAll(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const n = this.write(rest);
      if (n === -Errno.EINTR) continue;
      if (n < 0) throw new SystemError("write", -n, this.about);
      rest = rest.subarray(n);
    }
  }

  /**
   * Locks the open file against every other that locks it (flock(2)), until it is closed: also by a kill, whenever it comes.
   * @param wait false to come back at once
   * @returns whether it is ours
   */
  lock(wait: boolean): boolean {
    for (;;) {
      const code = -libc.flock(this.number, LOCK_EX | (wait ? 0 : LOCK_NB));
      if (code === 0) return true;
      if (code === Errno.EINTR) continue;
      if (code === Errno.EAGAIN) return false;
      throw new SystemError("flock", code, this.about);
    }
  }

  /** Waits until what was written is on the disk; for a folder, its names. */
  sync(): void {
    check(libc.fsync(this.number), "fsync", this.about);
  }

  /** Makes another descriptor's number lead here, instead of where it led. It survives an exec. */
  becomes(number: number): void {
    check(libc.dup2(this.number, number), "dup2", this.about);
  }

  /** Cuts the file, or makes it longer, to so many bytes. */
  truncate(size: number): void {
    check(libc.ftruncate(this.number, size), "ftruncate", this.about);
  }

  /** Writes all of `bytes` at `offset`. */
  writeAt(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const rest = bytes.subarray(done);
      const n = libc.pwrite(this.number, rest, rest.length, offset + done);
      if (n === -Errno.EINTR) continue;
      done += check(n, "pwrite", this.about);
    }
  }

  /** Lets the descriptor survive an exec, or not. */
  setInherited(inherited: boolean): void {
    check(libc.fcntl(this.number, F_SETFD, inherited ? 0 : FD_CLOEXEC), "fcntl(F_SETFD)", this.about);
  }

  /** Whether `read` and `write` answer EAGAIN instead of waiting. */
  get isNonBlocking(): boolean {
    return (check(libc.fcntl(this.number, F_GETFL, 0), "fcntl(F_GETFL)", this.about) & O.NONBLOCK) !== 0;
  }

  /** Makes them do so, or not. It is a flag of the open file: whoever shares it shares this. */
  setNonBlocking(nonBlocking: boolean): void {
    const flags = check(libc.fcntl(this.number, F_GETFL, 0), "fcntl(F_GETFL)", this.about);
    const wanted = nonBlocking ? flags | O.NONBLOCK : flags & ~O.NONBLOCK;
    if (wanted !== flags) check(libc.fcntl(this.number, F_SETFL, wanted), "fcntl(F_SETFL)", this.about);
  }

  close(): void {
    if (this.#number < 0) return;
    libc.close(this.#number);
    this.#number = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A string as C wants it.
 * @throws RangeError when the string itself holds a NUL, which would cut it short
 */
export function cString(text: string): Buffer {
  if (text.includes("\0")) throw new RangeError(`${JSON.stringify(text)} has a NUL byte: it can't be a path or name`);
  return Buffer.from(`${text}\0`);
}
