/** The lock that says whether a VM lives. The kernel lets go of it as the process ends, however that happens. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { identityOf } from "../host/socket-file.ts";
import type { InstancePaths } from "./paths.ts";

/** @param flags O.CREAT to make the file @returns undefined when there is no file, or no folder for it @throws SystemError */
export function openLock({ pid }: InstancePaths, flags = 0): Fd | undefined {
  try {
    return Fd.open(pid, O.RDWR | O.NOFOLLOW | flags);
  } catch (error) {
    if (error instanceof SystemError && error.errno === Errno.ENOENT) return undefined;
    throw error;
  }
}

/** Whether the locked file is still the one at its path: else the lock says nothing. */
export function isStill(lock: Fd, { pid }: InstancePaths): boolean {
  const there = identityOf(pid);
  const ours = lock.identity();
  return there?.inode === ours.inode && there.device === ours.device;
}

/** Whether a VM's process lives. */
export function isAlive(paths: InstancePaths): boolean {
  using lock = openLock(paths);
  return lock !== undefined && !lock.lock(false);
}
