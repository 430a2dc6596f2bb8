/** What of the host a volt needs to come up: its own file, the loader, the C library. */
import { readTextFile } from "../../ffi/files.ts";

/** Bun's own list (`readelf -d`); a test compares. */
export const NEEDED = ["libc.so.6", "ld-linux-x86-64.so.2", "libpthread.so.0", "libdl.so.2", "libm.so.6"] as const;
/** Bun's program header names it so; the folder may be a link. */
export const LOADER = "/lib64/ld-linux-x86-64.so.2";

/** The loader's list of where libraries are; a loader that can't read it looks in its usual folders. */
export const LOADER_CACHE = "/etc/ld.so.cache";

/**
 * By name, where each library is.
 * @param maps /proc/self/maps, which tells the folder this very process has its C library from
 */
export function libraryPaths(maps = readTextFile("/proc/self/maps") ?? ""): Map<string, string> {
  const libc = /\s(\/\S*)\/libc[.-]\S*$/m.exec(maps);
  const folder = libc?.[1] ?? "/lib64";
  return new Map(NEEDED.map((name) => [name, name === "ld-linux-x86-64.so.2" ? LOADER : `${folder}/${name}`]));
}
