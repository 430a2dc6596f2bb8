import type { CpioEntry } from "./cpio-entry.ts";

/** PATH_MAX, with the NUL: Linux skips entries with longer names and targets without a word. */
const PATH_MAX = 4096;
/** A size is eight hexadecimal digits. */
const SIZE_MAX = 0xffff_ffff;

/**
 * Refuses what Linux's unpacker would drop, or put where its path does not say: a name may not leave the root, and
 * every folder must come before what is in it.
 * @throws Error that names the entry.
 */
export function checkEntries(entries: readonly CpioEntry[]): void {
  const seen = new Map<string, CpioEntry["kind"]>();
  for (const entry of entries) {
    const fault = pathFault(entry.path) ?? placeFault(entry.path, seen) ?? valueFault(entry);
    if (fault !== undefined) throw new Error(`cpio entry ${JSON.stringify(entry.path)}: ${fault}`);
    seen.set(entry.path, entry.kind);
  }
}

function pathFault(path: string): string | undefined {
  if (path === "") return "an entry needs a name";
  if (path.startsWith("/")) return "names are relative: leave out the first slash";
  if (path.includes("\0")) return "a name cannot contain NUL";
  if (path.split("/").some((part) => part === "" || part === "." || part === "..")) {
    return "a name cannot have empty parts, '.' or '..'";
  }
  if (path === "TRAILER!!!") return "this name ends an archive";
  if (Buffer.byteLength(path) >= PATH_MAX) return `a name can have ${PATH_MAX - 1} bytes`;
  return undefined;
}

function placeFault(path: string, seen: ReadonlyMap<string, CpioEntry["kind"]>): string | undefined {
  if (seen.has(path)) return "it is in the archive twice";
  const slash = path.lastIndexOf("/");
  if (slash !== -1 && seen.get(path.slice(0, slash)) !== "directory") return "its directory must come before it";
  return undefined;
}

function valueFault(entry: CpioEntry): string | undefined {
  if ("mode" in entry && !isWithin(entry.mode, 0o7777)) return "mode is the permission bits only, 0 to 0o7777";
  if (entry.kind === "file" && entry.data.length > SIZE_MAX) return "a file can have 4 GiB less one byte";
  if ("major" in entry && !(isWithin(entry.major, 0xfff) && isWithin(entry.minor, 0xf_ffff))) {
    return "a device's major number is 0 to 4095, its minor number 0 to 1048575";
  }
  if (entry.kind === "symlink") {
    if (entry.target === "" || entry.target.includes("\0")) return "a link's target cannot be empty or contain NUL";
    if (Buffer.byteLength(entry.target) >= PATH_MAX) return `a link's target can have ${PATH_MAX - 1} bytes`;
  }
  return undefined;
}

function isWithin(value: number | undefined, most: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= 0 && value <= most);
}
