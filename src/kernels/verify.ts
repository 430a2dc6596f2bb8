/** Whether what the store holds is still what was put there. */
import { existsSync } from "node:fs";
import { fileDigest } from "./digest.ts";
import type { StoredKernel } from "./list.ts";
import { objectDigest } from "./objects.ts";
import { PARTS, type Part } from "./paths.ts";

/** @returns what is wrong; nothing when all is well */
export function verifyKernel({ folder, digest, manifest, damage }: StoredKernel): string[] {
  if (damage !== undefined) return [damage];
  if (manifest === undefined) return [`${folder} has no manifest: volt did not put it there; add it again`];
  const problems = (Object.keys(PARTS) as Part[]).flatMap((part) => {
    const path = `${folder}/${PARTS[part]}`;
    const expected = manifest.files[part];
    if (expected === undefined) return existsSync(path) ? [`${path} is not in the manifest: remove it`] : [];
    if (!existsSync(path)) return [`${path} is missing: add the kernel again`];
    const found = fileDigest(path);
    return found === expected.sha256 ? [] : [`${path} has changed: its SHA-256 is ${found}, not ${expected.sha256}`];
  });
  if (objectDigest(manifest) !== digest) problems.push(`${folder} is not named by what its manifest lists`);
  return problems;
}
