/** The store's lock: held while names and objects change, never while something is downloaded, unpacked or built. */
import { mkdirSync } from "node:fs";
import { Fd, O } from "../../ffi/fd.ts";
import type { StorePaths } from "./paths.ts";
import { writing } from "./writing.ts";

/**
 * Runs `look` with the lock held where that can be, and writes nothing: a store on a read-only file system can be looked
 * at, too.
 */
export function withStoreInView<T>(paths: StorePaths, look: () => T): T {
  let lock: Fd | undefined;
  try {
    lock = Fd.open(paths.lock, O.RDONLY);
  } catch {
    return writing(paths.home, look); // no store yet, or one of somebody else's
  }
  using held = lock;
  held.lock(true);
  return writing(paths.home, look);
}

/** Runs `change` with the lock held. It goes with the process, so a kill leaves no lock behind. @throws ConfigError */
export function withStoreLock<T>(paths: StorePaths, change: () => T): T {
  return writing(paths.home, () => {
    mkdirSync(paths.home, { recursive: true });
    using lock = Fd.open(paths.lock, O.RDWR | O.CREAT, 0o644);
    lock.lock(true);
    return change();
  });
}
