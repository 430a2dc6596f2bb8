/** What is in the store. */
import { existsSync, lstatSync, statSync } from "node:fs";
import { ConfigError } from "../config/error.ts";
import { namesOf } from "./folder.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { digestOfName } from "./objects.ts";
import { isKernelName, PARTS, type StorePaths } from "./paths.ts";
import { defaultName, kernelFolder } from "./store.ts";

/** A kernel by one of its names. */
export interface StoredKernel {
  readonly name: string;
  readonly isDefault: boolean;
  readonly folder: string;
  /** Undefined for a folder that was filled by hand. */
  readonly digest: string | undefined;
  readonly manifest: Manifest | undefined;
  /** Why the manifest can't be read. */
  readonly damage: string | undefined;
  /** Of its files, in bytes. */
  readonly size: number;
}

/** Every name, in order. Nothing in the store makes this fail: what is damaged says so. */
export function listKernels(paths: StorePaths): StoredKernel[] {
  const preferred = defaultName(paths.default);
  return namesIn(paths.kernels).map((name) => describe(paths, name, preferred));
}

/** @throws ConfigError when there is none of this name */
export function storedKernel(paths: StorePaths, name: string): StoredKernel {
  const preferred = defaultName(paths.default);
  if (isKernelName(name) && isThere(paths.kernel(name))) return describe(paths, name, preferred);
  const names = namesIn(paths.kernels);
  const known = names.length > 0 ? `there are ${names.join(", ")}` : "it is empty: volt kernel install debian-cloud";
  throw new ConfigError("", name, `no kernel of this name in the store (${paths.home}); ${known}`);
}

/**
 * A kernel to do something with: one that is only a name of what is gone is refused.
 * @throws ConfigError also when it is damaged
 */
export function usableKernel(paths: StorePaths, name: string): StoredKernel {
  const kernel = storedKernel(paths, name);
  if (kernel.damage !== undefined) throw new ConfigError("", name, kernel.damage);
  const vmlinux = `${kernel.folder}/${PARTS.vmlinux}`;
  if (existsSync(vmlinux)) return kernel;
  throw new ConfigError("", name, `${vmlinux} is gone: add the kernel again`);
}

/** Every object that is whole, with a name or not. */
export function listObjects(paths: StorePaths): { readonly digest: string; readonly manifest: Manifest }[] {
  return digestsIn(paths.objects).flatMap((digest) => {
    try {
      const manifest = readManifest(paths.object(digest));
      return manifest ? [{ digest, manifest }] : [];
    } catch {
      return []; // damaged: `verify` says so where it has a name
    }
  });
}

function digestsIn(folder: string): string[] {
  return namesOf(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/** The names that `kernels/` holds. */
export function namesIn(folder: string): string[] {
  return namesOf(folder).filter(isKernelName).sort();
}

function describe(paths: StorePaths, name: string, preferred: string | undefined): StoredKernel {
  const folder = kernelFolder(paths.kernels, name);
  const common = {
    name,
    isDefault: name === preferred,
    folder,
    digest: digestOfName(paths, name),
    size: sizeOf(folder),
  };
  try {
    return {
      ...common,
      manifest: readManifest(folder),
      damage: isThere(folder) ? undefined : `${folder} is gone: add the kernel again`,
    };
  } catch (error) {
    return { ...common, manifest: undefined, damage: error instanceof Error ? error.message : String(error) };
  }
}

function sizeOf(folder: string): number {
  return Object.values(PARTS).reduce((sum, file) => sum + fileSize(`${folder}/${file}`), 0);
}

function fileSize(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0; // it has no such part, or somebody put a file where a folder belongs
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
