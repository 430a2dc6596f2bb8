/** Objects: kernels by the digest of what they are made of. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { Fd, O } from "../../ffi/fd.ts";
import { ConfigError } from "../config/error.ts";
import { digestOf } from "./digest.ts";
import type { Draft } from "./draft.ts";
import { withStoreLock } from "./lock.ts";
import { type Manifest, plainManifest, readManifest } from "./manifest.ts";
import { isWhole } from "./parts.ts";
import { MANIFEST, PARTS, type Part, type StorePaths } from "./paths.ts";
import { isLegacySignature } from "./trust/minisign.ts";

/**
 * Makes a draft an object and gives it a name, in that order, each in one step: whenever volt is killed, the store holds
 * whole kernels only. Had the store the same kernel already, its files stay, unless they are damaged.
 * @param draft holds the parts, and nothing else
 */
export function commitObject(
  paths: StorePaths,
  draft: Draft,
  described: Manifest,
  name: string,
): { readonly digest: string; readonly manifest: Manifest } {
  const fresh = plainManifest(described);
  const digest = objectDigest(fresh);
  const object = paths.object(digest);
  for (const file of readdirSync(draft.path)) sync(draft.file(file));
  return withStoreLock(paths, () => {
    mkdirSync(paths.objects, { recursive: true });
    const old = oldManifest(object, digest);
    const manifest = merge(old, fresh);
    if (old && isWhole(object)) {
      if (manifest !== old) replaceFile(object, MANIFEST, manifestText(manifest));
    } else {
      replaceFile(draft.path, MANIFEST, manifestText(manifest));
      rmSync(object, { recursive: true, force: true });
      renameSync(draft.path, object);
      sync(paths.objects, O.DIRECTORY);
    }
    linkName(paths, name, digest);
    return { digest, manifest };
  });
}

/**
 * What was known of a kernel stays when it comes again; a signature or a recipe is news. Neither is lost because the
 * next one who brings the kernel has none, nor a signature that can be shown again for one that can't.
 */
function merge(old: Manifest | undefined, fresh: Manifest): Manifest {
  if (!old) return fresh;
  const isLegacy = ({ signature }: Manifest) => signature !== undefined && isLegacySignature(signature.text);
  const isWorse = old.signature !== undefined && isLegacy(fresh) && !isLegacy(old);
  const news = pick(fresh, "recipe", ...(isWorse ? [] : ["signature" as const]));
  if (Object.keys(news).length === 0) return old;
  return { ...fresh, ...pick(old, "signature", "recipe"), ...news };
}

function oldManifest(object: string, digest: string): Manifest | undefined {
  try {
    const manifest = readManifest(object);
    return manifest && objectDigest(manifest) === digest ? manifest : undefined;
  } catch {
    return undefined; // damaged: made anew
  }
}

function pick<K extends keyof Manifest>(manifest: Manifest, ...keys: readonly K[]): Partial<Manifest> {
  return Object.fromEntries(keys.flatMap((key) => (manifest[key] === undefined ? [] : [[key, manifest[key]]])));
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
  checkIsVolts(paths, name);
  mkdirSync(paths.kernels, { recursive: true });
  const draft = draftName(paths.kernels, name);
  rmSync(draft, { force: true });
  symlinkSync(`../objects/${digest}`, draft);
  renameSync(draft, paths.kernel(name));
  sync(paths.kernels, O.DIRECTORY);
}

/**
 * A name of volt's is a link to an object. Anything else may be the only copy of somebody's work.
 * @throws ConfigError for what is there and no such link
 */
export function checkIsVolts(paths: StorePaths, name: string): void {
  const path = paths.kernel(name);
  if (!lstatSync(path, { throwIfNoEntry: false }) || digestOfName(paths, name) !== undefined) return;
  throw new ConfigError("", name, `volt did not put it there: remove ${path} yourself`);
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
