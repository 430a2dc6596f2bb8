/** Linux guests: the stock kernel, and the shortest user space there is. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, librarySources } from "../../guest/build.ts";
import { cpio } from "../../src/boot/cpio.ts";

/** What `init.c` prints. */
export const USER_SPACE = "user space";

/**
 * How long the VM was there when its user space began, in milliseconds, by its own time-stamp counter.
 * @param console what `init.c` printed, among other things
 * @returns undefined when it did not get so far
 */
export function msToUserSpace(console: string): number | undefined {
  const [, ticks, perMs] = /^ticks (\d+) (\d+)\r?$/m.exec(console) ?? [];
  return ticks === undefined ? undefined : Number(ticks) / Number(perMs);
}

/** Writes an initramfs with nothing but `init.c` in it. @param scratch a folder */
export function writeShortInitramfs(scratch: string): string {
  const init = join(scratch, "init");
  compile(init, [join(import.meta.dirname, "init.c"), ...librarySources()]);
  const path = join(scratch, "short.cpio");
  writeFileSync(path, cpio([{ kind: "file", path: "init", mode: 0o755, data: readFileSync(init) }]));
  return path;
}
