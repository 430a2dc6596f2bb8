import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

/** Where what the nested machine is made of is kept. Removing it is always safe when no machine runs. */
const CACHE = resolve(import.meta.dir, "../../dist/testbed");

/**
 * A folder of the cache; `make` fills it if it is not there yet.
 * It appears whole or not at all, so two processes may make it at the same time: one of them is thrown away.
 */
export async function cachedFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, "making-"));
  try {
    await make(draft);
    await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}
