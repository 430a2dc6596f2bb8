/** The store's lock: held while names and objects change, never while something is downloaded, unpacked or built. */
import { mkdirSync } from "node:fs";
import { Fd, O } from "../../ffi/fd.ts";
import type { StorePaths } from "./paths.ts";
import { writing } from "./writing.ts";

/** Runs `change` with the lock held. It goes with the process, so a kill leaves no lock behind. @throws ConfigError */
export function withStoreLock<T>(paths: StorePaths, change: () => T): T {
  return writing(paths.home, () => {
    mkdirSync(paths.home, { recursive: true });
    using lock = Fd.open(paths.lock, O.RDWR | O.CREAT, 0o644);
    lock.lock(true);
    return change();
  });
}
