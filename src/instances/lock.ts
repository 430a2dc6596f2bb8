/** The lock that says whether a VM lives. The kernel lets go of it as the process ends, however that happens. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { identityOf } from "../host/socket-file.ts";
import type { InstancePaths } from "./paths.ts";

/** What a path answers that leads to no lock of ours: nothing, no folder above it, a folder, a link, a socket, somebody else's. */
const NO_LOCK: readonly number[] = [Errno.ENOENT, Errno.ENOTDIR, Errno.EISDIR, Errno.ELOOP, Errno.ENXIO, Errno.EACCES];

/** @returns undefined when there is no lock of a VM's: what else lies in the runtime folder confuses nobody @throws SystemError */
export function openLock({ pid }: InstancePaths): Fd | undefined {
  return open(pid, 0, NO_LOCK);
}

/** Makes the file where there is none yet. @returns undefined when its folder is gone @throws SystemError */
export function makeLock({ pid }: InstancePaths): Fd | undefined {
  return open(pid, O.CREAT, [Errno.ENOENT]);
}

function open(path: string, flags: number, absent: readonly number[]): Fd | undefined {
  try {
    return Fd.open(path, O.RDWR | O.NOFOLLOW | O.NONBLOCK | flags);
  } catch (error) {
    if (error instanceof SystemError && absent.includes(error.errno)) return undefined;
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
