/**
 * Writes cpio archives in the "newc" format, the one Linux unpacks as its initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * The same entries give the same bytes: no times, no owners, inode numbers by position.
 */

import { checkEntries } from "./cpio-check.ts";
import type { CpioEntry } from "./cpio-entry.ts";

export type { CpioEntry };

/** Linux keeps to 4 between archives that follow each other; 512 is what tapes and the cpio program write. */
const BLOCK = 512;
const TRAILER = "TRAILER!!!";
const FORMAT = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;
const DEVICE_FORMAT = { "character device": 0o020000, "block device": 0o060000 } as const;
const PERMISSIONS = { directory: 0o755, file: 0o644, symlink: 0o777, device: 0o600 } as const;

const encoder = new TextEncoder();

/**
 * An archive of `entries`, in their order, padded to 512 bytes. Archives may follow each other.
 * @throws Error when Linux would not unpack an entry, or not to where its path says.
 */
export function cpio(entries: Iterable<CpioEntry>): Uint8Array<ArrayBuffer> {
  const list = [...entries];
  checkEntries(list);
  const parts = list.flatMap((entry, index) => record(entry, index + 1));
  parts.push(...member(TRAILER, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], new Uint8Array(0)));

  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const archive = new Uint8Array(roundUp(size, BLOCK));
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

function record(entry: CpioEntry, inode: number): Uint8Array[] {
  const data = contents(entry);
  const device = "major" in entry ? [entry.major, entry.minor] : [0, 0];
  const links = entry.kind === "directory" ? 2 : 1;
  return member(entry.path, [inode, fileMode(entry), 0, 0, links, 0, data.length, 0, 0, ...device], data);
}

function contents(entry: CpioEntry): Uint8Array {
  if (entry.kind === "file") return entry.data;
  return entry.kind === "symlink" ? encoder.encode(entry.target) : new Uint8Array(0);
}

function fileMode(entry: CpioEntry): number {
  switch (entry.kind) {
    case "symlink":
      return FORMAT.symlink | PERMISSIONS.symlink;
    case "file":
    case "directory":
      return FORMAT[entry.kind] | (entry.mode ?? PERMISSIONS[entry.kind]);
    default:
      return DEVICE_FORMAT[entry.kind] | (entry.mode ?? PERMISSIONS.device);
  }
}

/** `fields`: ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor. */
function member(path: string, fields: readonly number[], data: Uint8Array): Uint8Array[] {
  const name = encoder.encode(`${path}\0`);
  const numbers = [...fields, name.length, 0].map((field) => field.toString(16).padStart(8, "0"));
  const header = encoder.encode(`070701${numbers.join("")}`);
  return [header, name, padding(header.length + name.length), data, padding(data.length)];
}

function padding(size: number): Uint8Array {
  return new Uint8Array(roundUp(size, 4) - size);
}

function roundUp(size: number, to: number): number {
  return Math.ceil(size / to) * to;
}
