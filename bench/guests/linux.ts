/** Linux guests: the stock kernel, and the shortest user space there is. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, librarySources } from "../../guest/build.ts";
import { cpio } from "../../src/boot/cpio.ts";

/** What `init.c` prints. */
export const USER_SPACE = "user space";

/** Writes an initramfs with nothing but `init.c` in it. @param scratch a folder */
export function writeShortInitramfs(scratch: string): string {
  const init = join(scratch, "init");
  compile(init, [join(import.meta.dirname, "init.c"), ...librarySources()]);
  const path = join(scratch, "short.cpio");
  writeFileSync(path, cpio([{ kind: "file", path: "init", mode: 0o755, data: readFileSync(init) }]));
  return path;
}
