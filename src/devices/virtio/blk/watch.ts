/** Notices that a disk's file has another size. */
import { SystemError } from "../../../../ffi/error.ts";
import { Fd } from "../../../../ffi/fd.ts";
import { createInotify, IN, watchFile } from "../../../../ffi/inotify.ts";
import type { EventSource } from "../device.ts";
import type { OpenedDisk } from "./open.ts";

/** Any number of events: what happened does not matter, only that something did. */
const EVENT_BYTES = 4096;

/**
 * Stage one: watches disks' files. Whoever makes a file larger or smaller (truncate, qemu-img resize) closes it after
 * writing, which volt itself never does: the guest's own writes wake nobody. `touch` is for what has no such event, a
 * block device that was resized.
 * @returns a descriptor that survives the exec, or undefined where the host gives none: sizes then stay as they are
 */
export function watchDisks(disks: readonly OpenedDisk[]): number | undefined {
  if (disks.length === 0) return undefined;
  try {
    const inotify = createInotify("the disks' sizes");
    for (const { fd, path } of disks) watchFile(inotify, new Fd(fd, path), IN.CLOSE_WRITE | IN.ATTRIB);
    inotify.setInherited(true);
    return inotify.number;
  } catch (error) {
    // There are 128 a user (fs.inotify.max_user_instances): no reason not to run a VM.
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** Stage two: what to watch, and what to call then. */
export function sizeSource(inotify: number, changed: () => void): EventSource {
  const fd = new Fd(inotify, "the disks' sizes");
  const events = new Uint8Array(EVENT_BYTES);
  const ready = (): void => {
    if (fd.read(events) > 0) changed();
  };
  return { fd: inotify, ready };
}
