/** Notices that a disk's file has another size. */
import { SystemError } from "../../../../ffi/error.ts";
import { Fd } from "../../../../ffi/fd.ts";
import { createInotify, IN, unwatch, watchFile } from "../../../../ffi/inotify.ts";
import type { EventSource } from "../device.ts";
import type { DiskFile } from "./open.ts";

/** Any number of events: what happened does not matter, only that something did. */
const EVENT_BYTES = 4096;
const EVENTS = IN.CLOSE_WRITE | IN.ATTRIB;
const NONE = -1;

/** Pure data. */
export interface OpenedWatch {
  /** An inotify descriptor; it survives the exec. */
  readonly fd: number;
  /** The watch on each disk's file; disks with the same file have the same. */
  readonly watches: readonly number[];
}

/**
 * Stage one: watches disks' files. Whoever makes a file larger or smaller (truncate, qemu-img resize) closes it after
 * writing, which volt itself never does: the guest's own writes wake nobody. `touch` is for what has no such event, a
 * block device that was resized.
 * @returns undefined where the host gives none: sizes then stay as they are
 */
export function watchDisks(disks: readonly DiskFile[]): OpenedWatch | undefined {
  if (disks.length === 0) return undefined;
  try {
    const inotify = createInotify("the disks' sizes");
    const watches = disks.map(({ fd, path }) => watchFile(inotify, new Fd(fd, path), EVENTS));
    inotify.setInherited(true);
    return { fd: inotify.number, watches };
  } catch (error) {
    // There are 128 a user (fs.inotify.max_user_instances): no reason not to run a VM.
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** Stage two: what to watch, and what to call then. */
export class SizeWatch implements EventSource {
  readonly fd: number;
  readonly ready: () => void;
  readonly #inotify: Fd;
  readonly #watches: number[];

  constructor({ fd, watches }: OpenedWatch, changed: () => void) {
    this.fd = fd;
    this.#inotify = new Fd(fd, "the disks' sizes");
    this.#watches = [...watches];
    const events = new Uint8Array(EVENT_BYTES);
    this.ready = () => {
      if (this.#inotify.read(events) > 0) changed();
    };
  }

  /** The disk has another file. Where that can't be watched, its size stays as it is. */
  move(disk: number, file: Fd): void {
    const old = this.#watches[disk]!;
    try {
      this.#watches[disk] = watchFile(this.#inotify, file, EVENTS);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#watches[disk] = NONE;
    }
    if (old !== NONE && !this.#watches.includes(old)) unwatch(this.#inotify, old);
  }
}
