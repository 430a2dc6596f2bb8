/** Objects: kernels by the digest of what they are made of. */
import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Fd, O } from "../../ffi/fd.ts";
import { digestOf } from "./digest.ts";
import type { Draft } from "./draft.ts";
import { withStoreLock } from "./lock.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { MANIFEST, PARTS, type Part, type StorePaths } from "./paths.ts";

/**
 * Makes a draft an object and gives it a name, in that order, each in one step: whenever volt is killed, the store holds
 * whole kernels only. Had the store the same kernel already, its files stay, and its manifest learns what is new.
 * @param draft holds the parts, and nothing else
 */
export function commitObject(
  paths: StorePaths,
  draft: Draft,
  manifest: Manifest,
  name: string,
): { readonly digest: string; readonly manifest: Manifest } {
  const digest = objectDigest(manifest);
  const object = paths.object(digest);
  writeFileSync(draft.file(MANIFEST), manifestText(manifest));
  for (const file of readdirSync(draft.path)) sync(draft.file(file));
  sync(draft.path, O.DIRECTORY);
  return withStoreLock(paths, () => {
    mkdirSync(paths.objects, { recursive: true });
    const old = oldManifest(object);
    // A signature is not lost because the same kernel came again without one.
    const merged = { ...pick(old, "signature", "recipe"), ...manifest };
    if (old) {
      replaceFile(object, MANIFEST, manifestText(merged));
    } else {
      rmSync(object, { recursive: true, force: true });
      renameSync(draft.path, object);
      sync(paths.objects, O.DIRECTORY);
    }
    linkName(paths, name, digest);
    return { digest, manifest: merged };
  });
}

function oldManifest(object: string): Manifest | undefined {
  try {
    return readManifest(object);
  } catch {
    return undefined; // damaged: made anew
  }
}

function pick<K extends keyof Manifest>(manifest: Manifest | undefined, ...keys: readonly K[]): Partial<Manifest> {
  return Object.fromEntries(keys.flatMap((key) => (manifest?.[key] === undefined ? [] : [[key, manifest[key]]])));
}

function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** What an object is called by: its parts, not when and how they came. */
export function objectDigest({ files }: Manifest): string {
  const parts = (Object.keys(PARTS) as Part[]).flatMap((part) => {
    const file = files[part];
    return file ? [`${part} ${file.sha256}\n`] : [];
  });
  return digestOf(parts.join(""));
}

/** Points a name at an object; the store's lock is held. What the name meant before is not touched. */
export function linkName(paths: StorePaths, name: string, digest: string): void {
  mkdirSync(paths.kernels, { recursive: true });
  const draft = draftName(paths.kernels, name);
  rmSync(draft, { force: true });
  symlinkSync(`../objects/${digest}`, draft);
  // A folder filled by hand gives way; rename(2) does not replace one by a link.
  if (digestOfName(paths, name) === undefined) rmSync(paths.kernel(name), { recursive: true, force: true });
  renameSync(draft, paths.kernel(name));
  sync(paths.kernels, O.DIRECTORY);
}

/** The object a name leads to; undefined when there is no such name, or it is a folder filled by hand. */
export function digestOfName(paths: StorePaths, name: string): string | undefined {
  try {
    return /^\.\.\/objects\/([0-9a-f]{64})$/.exec(readlinkSync(paths.kernel(name)))?.[1];
  } catch {
    return undefined;
  }
}

/** Writes a small file of the store so that it is there whole, or not at all. */
export function replaceFile(folder: string, name: string, text: string): void {
  const draft = draftName(folder, name);
  writeFileSync(draft, text);
  sync(draft);
  renameSync(draft, `${folder}/${name}`);
  sync(folder, O.DIRECTORY);
}

/** What a file or link is called until it is whole: no kernel's name, so a kill leaves none that is half there. */
function draftName(folder: string, name: string): string {
  return `${folder}/.${name}.new`;
}

/** Whether a killed volt has left this. */
export function isLeftOver(name: string): boolean {
  return name.startsWith(".") && name.endsWith(".new");
}

function sync(path: string, flags = 0): void {
  using fd = Fd.open(path, O.RDONLY | flags);
  fd.sync();
}
