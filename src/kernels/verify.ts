/** Whether what the store holds is still what was put there. */
import type { StoredKernel } from "./list.ts";
import { objectDigest } from "./objects.ts";
import { partProblems } from "./parts.ts";

/** @returns what is wrong; nothing when all is well */
export function verifyKernel({ folder, digest, manifest, damage }: StoredKernel): string[] {
  if (damage !== undefined) return [damage];
  if (manifest === undefined) return [`${folder} has no manifest: volt did not put it there; add it again`];
  const problems = partProblems(folder, manifest);
  if (objectDigest(manifest) !== digest) problems.push(`${folder} is not named by what its manifest lists`);
  return problems;
}
