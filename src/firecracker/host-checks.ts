/** Whether what a request names is there, asked when Firecracker asks it: as the request comes. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { exists } from "../../ffi/files.ts";
import { SOCKADDR_UN } from "../../ffi/socket.ts";
import { interfaceExists, openTap } from "../../ffi/tap.ts";
import { Fault } from "../api/router.ts";

/** What Rust says of a socket's path before the kernel sees it. */
const TOO_LONG = "path must be shorter than SUN_LEN";
/** Firecracker is built with musl, which has other words than glibc for some errors. */
const MUSL_WORDS: Readonly<Record<number, string>> = {
  [Errno.EBUSY]: "Resource busy",
  [Errno.EMFILE]: "No file descriptors available",
  [Errno.ENAMETOOLONG]: "Filename too long",
  [Errno.EADDRINUSE]: "Address in use",
};

/** An error of the system in the words of Firecracker's language. */
export function osError(error: unknown): string {
  if (!(error instanceof SystemError)) return error instanceof Error ? error.message : String(error);
  return osErrorText(error.errno);
}

/** Why a file can't be opened; undefined when it can. */
export function fileProblem(path: string, readOnly: boolean): string | undefined {
  try {
    using file = Fd.open(path, (readOnly ? O.RDONLY : O.RDWR) | O.NONBLOCK);
    // To read, a folder can be opened too.
    return file.status().kind === "directory" ? osErrorText(Errno.EISDIR) : undefined;
  } catch (error) {
    return osError(error);
  }
}

/** @throws Fault */
export function checkFile(path: string, prefix: string): void {
  const problem = fileProblem(path, true);
  if (problem !== undefined) throw new Fault(`${prefix} ${problem}`);
}

/** Firecracker opens it at once; here it is opened at the start, and this says whether it could be now. @throws Fault */
export function checkTap(name: string, prefix: string): void {
  if (!interfaceExists(name)) throw new Fault(`${prefix} there is no TAP device ${name}: volt makes none`);
  try {
    openTap(name, false).close();
  } catch (error) {
    const isNone = error instanceof SystemError && error.errno === Errno.EINVAL;
    throw new Fault(`${prefix} ${osError(error)}${isNone ? `: ${name} is no TAP device of one queue` : ""}`);
  }
}

/** The socket itself is made at the start. @throws Fault where its path is taken, too long, or in no folder */
export function checkSocketPath(path: string, prefix: string): void {
  if (Buffer.byteLength(path) >= SOCKADDR_UN.fields.sun_path.bytes) throw new Fault(`${prefix} ${TOO_LONG}`);
  try {
    Fd.open(path.slice(0, path.lastIndexOf("/") + 1) || ".", O.PATH | O.DIRECTORY).close();
  } catch (error) {
    throw new Fault(`${prefix} ${osError(error)}`);
  }
  if (exists(path)) throw new Fault(`${prefix} ${osErrorText(Errno.EADDRINUSE)}`);
}

function osErrorText(errno: number): string {
  return `${MUSL_WORDS[errno] ?? new SystemError("", errno, "").reason} (os error ${errno})`;
}
