/** Stage two: opens another file for a disk, inside the sandbox. */
import { Errno, SystemError } from "../../../../ffi/error.ts";
import { Fd, O } from "../../../../ffi/fd.ts";
import { diskAccess, openProblem } from "../../../host/open-file.ts";
import type { Disk } from "./disk.ts";
import { checkKind, type DiskFile, describeFile, type HeldFile, inUse, PATH_FIELD, tryLock } from "./open.ts";

/** What can be reached in there. */
export interface Reach {
  /** Where relative paths begin: the folder that volt was started in. */
  readonly folder: string;
  /** What `--allow-path` names; undefined where nothing is closed. */
  readonly allowed: readonly string[] | undefined;
}

/** How the sandbox says no: the path is not there in volt's root, or Landlock forbids it. */
const CLOSED: readonly number[] = [Errno.ENOENT, Errno.EACCES, Errno.ENOTDIR];

/**
 * Besides what `--allow-path` names a disk may have the file it began with: nobody gains by that.
 * @param held what this VM's disks have
 * @returns undefined for the file that the disk has already
 * @throws Error in the user's words
 */
export function openAnother(path: string, disk: Disk, reach: Reach, held: readonly HeldFile[]): DiskFile | undefined {
  try {
    return openWith(nameOf(absolute(path, reach)), path, disk, held);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const isFirst = absolute(path, reach) === absolute(disk.first.path, reach);
    if (!isFirst || !CLOSED.includes(error.errno)) throw problem(error, path, disk, reach);
  }
  return openWith(disk.first.name, path, disk, held);
}

/** What a file is, is asked of its name: to open some devices is to set them going. */
function openWith(name: Fd, path: string, disk: Disk, held: readonly HeldFile[]): DiskFile | undefined {
  try {
    checkKind(name, PATH_FIELD);
    const { device, inode } = name.identity();
    const now = disk.file.identity();
    if (device === now.device && inode === now.inode) return undefined;
    const { isReadOnly, isDirect } = disk;
    const opened = Fd.open(`/proc/self/fd/${name.number}`, diskAccess(isReadOnly, isDirect));
    return take(new Fd(opened.number, path), disk, held);
  } finally {
    if (name !== disk.first.name) name.close();
  }
}

function take(fd: Fd, disk: Disk, held: readonly HeldFile[]): DiskFile {
  try {
    const file = describeFile(fd, PATH_FIELD, disk.isDirect);
    if (file.blockSize > disk.blockSize) {
      const told = `the guest was told of ${disk.blockSize}, for good`;
      throw new Error(`${fd.about} is accessed in blocks of ${file.blockSize} bytes, and ${told}`);
    }
    if (!tryLock(fd, disk.isReadOnly)) throw new Error(inUse(fd, disk.isReadOnly, held));
    return file;
  } catch (error) {
    fd.close();
    throw error;
  }
}

function nameOf(path: string): Fd {
  return Fd.open(path, O.PATH);
}

function absolute(path: string, { folder }: Reach): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}

function problem(error: SystemError, path: string, { isReadOnly }: Disk, reach: Reach): Error {
  if (CLOSED.includes(error.errno) && !isAllowed(absolute(path, reach), reach)) {
    return new Error(`the sandbox keeps ${path} from volt: start the VM with --allow-path and this file or its folder`);
  }
  return new Error(openProblem(error, path, isReadOnly ? "read" : "read and write"));
}

function isAllowed(path: string, { allowed }: Reach): boolean {
  if (allowed === undefined) return true;
  return allowed.some((one) => path === one || path.startsWith(one.endsWith("/") ? one : `${one}/`));
}
