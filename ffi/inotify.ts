/** inotify(7): learns of what happens to files. */
import { ptr } from "bun:ffi";
import { check } from "./error.ts";
import { cString, Fd } from "./fd.ts";
import { libc } from "./libc.ts";

const SYS_INOTIFY_ADD_WATCH = 254;
const SYS_INOTIFY_RM_WATCH = 255;
const SYS_INOTIFY_INIT1 = 294;

/** Events. */
export const IN = { ATTRIB: 0x04, CLOSE_WRITE: 0x08 } as const;

const IN_CLOEXEC = 0o2000000;
const IN_NONBLOCK = 0o4000;

/** A new watch list. Reading it never waits. @throws SystemError EMFILE: fs.inotify.max_user_instances */
export function createInotify(about: string): Fd {
  const number = libc.syscall(SYS_INOTIFY_INIT1, IN_CLOEXEC | IN_NONBLOCK, 0, 0, 0, 0);
  return new Fd(check(number, "inotify_init1", about), about);
}

/**
 * Watches what an open descriptor leads to.
 * @param events IN bits
 * @returns the watch's number; the same file has the same
 * @throws SystemError ENOSPC: too many watches
 */
export function watchFile(inotify: Fd, file: Fd, events: number): number {
  const path = cString(`/proc/self/fd/${file.number}`);
  const result = libc.syscall(SYS_INOTIFY_ADD_WATCH, inotify.number, ptr(path), events, 0, 0);
  return check(result, "inotify_add_watch", file.about);
}

/** Takes a watch away; one that is gone with its file is no error. */
export function unwatch(inotify: Fd, watch: number): void {
  libc.syscall(SYS_INOTIFY_RM_WATCH, inotify.number, watch, 0, 0, 0);
}
