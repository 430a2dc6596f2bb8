/** Whether what a request names is there, asked when Firecracker asks it: as the request comes. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { exists } from "../../ffi/files.ts";
import { interfaceExists } from "../../ffi/tap.ts";
import { Fault } from "../api/router.ts";

/** An error of the system in the words of Firecracker's language. */
export function osError(error: unknown): string {
  if (!(error instanceof SystemError)) return error instanceof Error ? error.message : String(error);
  return osErrorText(error.errno);
}

/** Why a file can't be opened; undefined when it can. */
export function fileProblem(path: string, readOnly: boolean): string | undefined {
  try {
    Fd.open(path, (readOnly ? O.RDONLY : O.RDWR) | O.NONBLOCK).close();
    return undefined;
  } catch (error) {
    return osError(error);
  }
}

/** @throws Fault */
export function checkFile(path: string, prefix: string): void {
  const problem = fileProblem(path, true);
  if (problem !== undefined) throw new Fault(`${prefix} ${problem}`);
}

/** @throws Fault */
export function checkTap(name: string, prefix: string): void {
  if (!interfaceExists(name)) throw new Fault(`${prefix} there is no TAP device ${name}: volt makes none`);
}

/** The socket itself is made at the start. @throws Fault where its path is taken */
export function checkSocketPath(path: string, prefix: string): void {
  if (exists(path)) throw new Fault(`${prefix} ${osErrorText(Errno.EADDRINUSE)}`);
}

function osErrorText(errno: number): string {
  return `${new SystemError("", errno, "").reason} (os error ${errno})`;
}
