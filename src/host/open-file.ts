/** Opens what the user named, and says it in the user's words when that can't be. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { ConfigError } from "../config/error.ts";

type Purpose = "read" | "write" | "read and write";

/**
 * A regular file, to be read. NONBLOCK, so that a FIFO without a writer is refused and not waited for.
 * @param flag what named it, for the message
 * @returns the open file and its size in bytes
 * @throws ConfigError
 */
export function openInput(path: string, flag: string): { readonly fd: Fd; readonly size: number } {
  const fd = open(path, flag, O.RDONLY | O.NONBLOCK, "read");
  const { kind, size } = fd.status();
  if (kind === "file" && size > 0) return { fd, size };
  fd.close();
  throw new ConfigError("", flag, kind === "file" ? `${path} is empty` : `${path} is a ${kind}, not a file`);
}

/**
 * A text the user wrote, all of it.
 * @param most bytes it may have: a thousand times what one takes, so that a disk image given by mistake is refused unread
 * @param what it is, for the message: "a CPU template"
 * @throws ConfigError
 */
export function readInput(path: string, flag: string, most: number, what: string): string {
  return Buffer.from(readInputBytes(path, flag, most, what)).toString();
}

/** The same, as bytes. @throws ConfigError */
export function readInputBytes(path: string, flag: string, most: number, what: string): Uint8Array {
  const { fd, size } = openInput(path, flag);
  using file = fd;
  if (size > most) throw new ConfigError("", flag, `${path} has ${size} bytes: ${what} has at most ${most}`);
  return file.readAt(0, size);
}

/**
 * What volt writes: made where it is not there yet. NONBLOCK, so that a FIFO nobody reads is refused.
 * @param how O.APPEND or O.TRUNC
 * @throws ConfigError
 */
export function openOutput(path: string, flag: string, how: number): Fd {
  return open(path, flag, O.WRONLY | O.CREAT | O.NONBLOCK | how, "write");
}

/**
 * What volt writes whole lines to: a file, made where it is not there yet, or a FIFO, which needs no reader.
 * @throws ConfigError
 */
export function openLines(path: string, flag: string): Fd {
  return open(path, flag, O.RDWR | O.CREAT | O.NONBLOCK | O.APPEND, "write");
}

/**
 * A disk, to be read and, unless it is `readOnly`, written. NONBLOCK, as above. A block device that is written is
 * claimed: none that is mounted here is opened.
 * @param direct around the host's page cache
 * @throws ConfigError
 */
export function openDiskFile(path: string, flag: string, readOnly: boolean, direct: boolean): Fd {
  return open(path, flag, diskAccess(readOnly, direct), readOnly ? "read" : "read and write");
}

/** The flags of the above. */
export function diskAccess(readOnly: boolean, direct: boolean): number {
  // EXCL means nothing for a regular file that is there.
  const access = readOnly ? O.RDONLY : O.RDWR | O.EXCL;
  return access | O.NONBLOCK | (direct ? O.DIRECT : 0);
}

function open(path: string, flag: string, flags: number, purpose: Purpose): Fd {
  try {
    return Fd.open(path, flags, 0o644);
  } catch (error) {
    throw new ConfigError("", flag, openProblem(error, path, purpose));
  }
}

/** Why a file can't be opened, and the mend. */
export function openProblem(error: unknown, path: string, purpose: Purpose): string {
  const readOnlyHelps = purpose === "read and write" ? ", or add ro" : "";
  switch (error instanceof SystemError ? error.errno : 0) {
    case Errno.ENOENT:
      return purpose === "write"
        ? `there is no folder for ${path}: make it first`
        : `there is no file ${path}: check the path`;
    case Errno.EACCES:
      return `permission denied to ${purpose} ${path}: change its mode or owner${readOnlyHelps}`;
    case Errno.EROFS:
      return `${path} is on a read-only filesystem${purpose === "read and write" ? ": add ro" : ""}`;
    case Errno.EISDIR:
      return `${path} is a directory, not a file`;
    case Errno.EBUSY:
      return `${path} is in use on this host (mounted?): free it first${readOnlyHelps}`;
    case Errno.EINVAL:
      return `${path} can't be opened that way: the filesystem may have no O_DIRECT, leave out direct`;
    case Errno.ENXIO:
      return `nobody reads the FIFO ${path}: start its reader first, or give a file`;
    default:
      return `${error instanceof Error ? error.message : error}: give another path`;
  }
}
