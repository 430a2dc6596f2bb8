/** Clears away what nothing leads to: kernels without a name, and what killed processes left. */
import { lstatSync, renameSync } from "node:fs";
import { Draft, lockFolder } from "./draft.ts";
import { namesOf } from "./folder.ts";
import { namesIn } from "./list.ts";
import { withStoreInView, withStoreLock } from "./lock.ts";
import { digestOfName, isLeftOver } from "./objects.ts";
import type { StorePaths } from "./paths.ts";

/** Something that goes. */
export interface Garbage {
  readonly path: string;
  readonly what: "a kernel without a name" | "an unfinished draft" | "a broken-off download" | "a left-over";
  /** In bytes. */
  readonly size: number;
}

/**
 * A running VM is safe: it has its kernel's file open, and such a file stays on the disk until it is closed.
 * @param dryRun only says what would go
 */
export function collectGarbage(paths: StorePaths, dryRun = false): Garbage[] {
  if (dryRun) return withStoreInView(paths, () => garbage(paths));
  // Out of sight under the lock, which is quick; deleted after it, which is not.
  using trash = new Draft(paths);
  return withStoreLock(paths, () => {
    const found = garbage(paths);
    for (const [i, { path }] of found.entries()) renameSync(path, trash.file(String(i)));
    return found;
  });
}

function garbage(paths: StorePaths): Garbage[] {
  const used = new Set(namesIn(paths.kernels).map((name) => digestOfName(paths, name)));
  return [
    ...entries(paths.objects, (name) => !used.has(name), "a kernel without a name"),
    ...entries(paths.drafts, (_, path) => isAbandoned(path), "an unfinished draft"),
    ...entries(paths.downloads, (_, path) => isAbandoned(path), "a broken-off download"),
    ...[paths.kernels, paths.trust].flatMap((folder) => entries(folder, isLeftOver, "a left-over")),
  ];
}

function entries(folder: string, goes: (name: string, path: string) => boolean, what: Garbage["what"]): Garbage[] {
  return namesOf(folder)
    .map((name) => ({ name, path: `${folder}/${name}` }))
    .filter(({ name, path }) => goes(name, path))
    .map(({ path }) => ({ path, what, size: sizeOf(path) }));
}

/** Whoever makes a draft or a download holds a lock on it until it is done, or dead. */
function isAbandoned(path: string): boolean {
  const lock = lockFolder(path);
  lock?.close();
  return lock !== undefined;
}

function sizeOf(path: string): number {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status?.isDirectory()) return status?.size ?? 0;
  return namesOf(path).reduce((sum, name) => sum + sizeOf(`${path}/${name}`), 0);
}
