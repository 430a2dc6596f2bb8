/** Small files by path. node:fs does the same and takes 2 ms to load, which a start of a VM would pay each time. */
import { ptr } from "bun:ffi";
import { check, Errno, SystemError } from "./error.ts";
import { cString, Fd, O } from "./fd.ts";
import { libc } from "./libc.ts";

/** What a small text file may hold: a bound, so that a device given as a file ends. */
const MAX_BYTES = 2 ** 20;
/** limits.h */
const PATH_MAX = 4096;

/** Whether a path leads to anything, also to what may not be read: opening that says why. */
export function exists(path: string): boolean {
  try {
    Fd.open(path, O.RDONLY | O.NONBLOCK).close();
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}

/**
 * A text file's contents, or undefined when there is none.
 * @throws SystemError for anything but ENOENT, and EFBIG above 1 MiB
 */
export function readTextFile(path: string): string | undefined {
  try {
    using fd = Fd.open(path, O.RDONLY | O.NONBLOCK);
    const bytes = fd.readAt(0, MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) throw new SystemError("read", Errno.EFBIG, path);
    return new TextDecoder().decode(bytes);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** @throws SystemError */
export function makeFolder(path: string, mode = 0o755): void {
  check(libc.mkdir(cString(path), mode), "mkdir", path);
}

/** @returns whether it was made: false when there is one, or something else of that name @throws SystemError */
export function makeFolderIfMissing(path: string, mode: number): boolean {
  const result = libc.mkdir(cString(path), mode);
  if (result === -Errno.EEXIST) return false;
  check(result, "mkdir", path);
  return true;
}

/** @returns whether it is gone: a folder that holds something stays */
export function removeFolder(path: string): boolean {
  return libc.rmdir(cString(path)) === 0;
}

const SYS_GETDENTS64 = 217;
/** struct linux_dirent64 (getdents(2)): where its length and its name are. */
const DIRENT = { reclen: 16, name: 19 } as const;
const DIRENTS_BYTES = 8192;

/**
 * The names in a folder, in no order; none when there is no folder.
 * @param most stop after so many, whatever else there is
 * @throws SystemError for anything but ENOENT
 */
export function namesIn(path: string, most = Number.POSITIVE_INFINITY): string[] {
  const names: string[] = [];
  try {
    using folder = Fd.open(path, O.RDONLY | O.DIRECTORY);
    const entries = Buffer.alloc(DIRENTS_BYTES);
    while (names.length < most) {
      const length = libc.syscall(SYS_GETDENTS64, folder.number, ptr(entries), entries.length, 0, 0);
      if (check(length, "getdents64", path) === 0) break;
      for (let at = 0; at < length && names.length < most; at += entries.readUInt16LE(at + DIRENT.reclen)) {
        const end = entries.indexOf(0, at + DIRENT.name);
        const name = entries.toString("utf8", at + DIRENT.name, end);
        if (name !== "." && name !== "..") names.push(name);
      }
    }
    return names;
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Where a symbolic link leads, as it is written; undefined when the path is none. */
export function readLink(path: string): string | undefined {
  const target = new Uint8Array(PATH_MAX);
  const length = libc.readlink(cString(path), target, target.length);
  return length < 0 ? undefined : new TextDecoder().decode(target.subarray(0, length));
}

/** Takes a name away, if it is there and may be taken. */
export function unlink(path: string): void {
  libc.unlink(cString(path));
}

function isMissing(error: unknown): boolean {
  return error instanceof SystemError && (error.errno === Errno.ENOENT || error.errno === Errno.ENOTDIR);
}
