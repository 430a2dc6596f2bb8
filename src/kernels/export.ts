/** A stored kernel as one file, to carry to another host. */
import { closeSync, fsyncSync, lstatSync, openSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ConfigError } from "../config/error.ts";
import { openProblem } from "../host/open-file.ts";
import type { StoredKernel } from "./list.ts";
import { MANIFEST, PARTS } from "./paths.ts";
import { fullDisk, tar } from "./tar.ts";

/** What an archive holds, at most. */
export const ARCHIVED = [MANIFEST, ...Object.values(PARTS)];
export const STDIO = "-";

/**
 * @param file "-" for stdout. An archive is written aside and then takes the place of the file that was there, so a disk
 * that gets full costs nothing.
 * @throws ConfigError
 */
export async function exportKernel(kernel: StoredKernel, file: string): Promise<void> {
  if (!kernel.manifest) throw new ConfigError("", kernel.name, "it was not put there by volt: volt kernel add it");
  if (file === STDIO) return await pack(kernel, "inherit", "stdout");
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new ConfigError("", file, "this is a directory, not a file");
  if (there && !there.isFile()) return await packInto(kernel, file, file, "w"); // a device, a FIFO
  const target = there ? realpathSync(file) : file;
  const aside = `${dirname(target)}/.${basename(target)}.${process.pid}.new`;
  try {
    await packInto(kernel, aside, file, "wx");
    renameSync(aside, target);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

async function packInto(kernel: StoredKernel, path: string, about: string, flags: string): Promise<void> {
  const fd = writable(about, () => openSync(path, flags));
  try {
    await pack(kernel, fd, about);
    // What was written late may not have found room.
    if (flags === "wx") writable(about, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

async function pack({ folder }: StoredKernel, stdout: number | "inherit", about: string): Promise<void> {
  const present = ARCHIVED.filter((part) => lstatSync(`${folder}/${part}`, { throwIfNoEntry: false }));
  const options = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=0644", "--sparse"];
  const complaints = await tar(["-c", ...options, "-C", folder, ...present], { stdout });
  if (complaints.length > 0) throw new ConfigError("", about, fullDisk(complaints) ?? `tar: ${complaints[0]}`);
}

function writable<T>(about: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new ConfigError("", about, fullDisk([String(error)]) ?? REASONS[code] ?? openProblem(error, about, "write"));
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: free some of it",
  EDQUOT: "your quota is used up: free some of it",
  ENOENT: "there is no folder for it: make it first",
  ENOTDIR: "there is no folder for it: make it first",
  EACCES: "permission denied: change the folder's mode or owner",
  EROFS: "it is on a read-only filesystem: give another path",
};
