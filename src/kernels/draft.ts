/**
 * A folder in which something of the store is made. Its maker holds a lock on it, so that `gc` can tell a draft that is
 * worked on from one whose maker was killed.
 */
import { mkdirSync, rmSync } from "node:fs";
import { Fd, O } from "../../ffi/fd.ts";
import { withStoreLock } from "./lock.ts";
import type { StorePaths } from "./paths.ts";

export class Draft implements Disposable {
  readonly path: string;
  readonly #lock: Fd;

  constructor(paths: StorePaths) {
    this.path = `${paths.drafts}/${process.pid}-${crypto.randomUUID()}`;
    // Under the store's lock: no gc comes between the folder and its lock.
    this.#lock = withStoreLock(paths, () => {
      mkdirSync(this.path, { recursive: true });
      return lockFolder(this.path)!;
    });
  }

  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** What became an object has moved out; whatever is left goes. */
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
    this.#lock.close();
  }
}

/** Locks a folder. @returns undefined when another process has it */
export function lockFolder(path: string): Fd | undefined {
  const fd = Fd.open(path, O.RDONLY | O.NONBLOCK);
  if (fd.lock(false)) return fd;
  fd.close();
  return undefined;
}
