/** Which folders volt has made. VOLT_RUNTIME_DIR can name any folder, and what is not volt's there must stay. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { namesIn } from "../../ffi/files.ts";
import { filesOf, type InstancePaths, PRIVATE } from "./paths.ts";
import { readRecord } from "./record.ts";

/** Whether it is a folder as a claim makes it: this user's alone. @throws SystemError where there is none, or a link to one */
export function isOurs({ folder }: InstancePaths): boolean {
  using fd = Fd.open(folder, O.PATH | O.DIRECTORY | O.NOFOLLOW);
  const { uid, mode } = fd.access();
  return uid === process.geteuid!() && mode === PRIVATE;
}

/** Whether nothing lies in it but what a VM's folder can hold. @throws SystemError */
export function holdsOnlyOurs(paths: InstancePaths): boolean {
  const ours = filesOf(paths);
  return namesIn(paths.folder).every((name) => ours.includes(`${paths.folder}/${name}`));
}

/** Whether what has a VM's name is somebody else's, so that no VM may have it; false where nothing has. @throws SystemError */
export function isForeign(paths: InstancePaths): boolean {
  try {
    // A VM's record says whose the folder is, whatever else somebody has put there.
    return !isOurs(paths) || !(readRecord(paths.record) || holdsOnlyOurs(paths));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.errno === Errno.ENOENT) return false;
    if (error.errno === Errno.ENOTDIR) return true;
    throw error;
  }
}
