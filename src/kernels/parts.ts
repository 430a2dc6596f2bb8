/** Whether a folder holds the parts that a manifest lists, byte for byte. */
import { existsSync } from "node:fs";
import { fileDigest } from "./digest.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { PARTS, type Part } from "./paths.ts";

/** @returns what is wrong with the files; nothing when all is well */
export function partProblems(folder: string, { files }: Manifest): string[] {
  return (Object.keys(PARTS) as Part[]).flatMap((part) => {
    const path = `${folder}/${PARTS[part]}`;
    const expected = files[part];
    if (expected === undefined) return existsSync(path) ? [`${path} is not in the manifest: remove it`] : [];
    if (!existsSync(path)) return [`${path} is missing: add the kernel again`];
    const found = fileDigest(path);
    return found === expected.sha256 ? [] : [`${path} has changed: its SHA-256 is ${found}, not ${expected.sha256}`];
  });
}

/** Whether an object is all there and unspoilt. One that is not is as good as none: who brings the kernel makes it anew. */
export function isWhole(folder: string): boolean {
  try {
    const manifest = readManifest(folder);
    return manifest !== undefined && partProblems(folder, manifest).length === 0;
  } catch {
    return false; // a manifest or a part that can't be read
  }
}
