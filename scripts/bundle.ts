/**
 * `npm run bundle`: dist/oci, an OCI bundle to be run as it is (`runc run -b dist/oci NAME`), and the context from which
 * the Containerfile makes an image. What is in it is said in deploy/contents.ts.
 */
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "../build.ts";
import { contents, type Entry, STORE } from "../deploy/contents.ts";
import { runtimeConfig } from "../deploy/runtime-config.ts";
import { exportKernel } from "../src/kernels/export.ts";
import { importKernel } from "../src/kernels/import.ts";
import { storedKernel } from "../src/kernels/list.ts";
import { storePaths } from "../src/kernels/paths.ts";
import { stockKernel } from "./guest-kernel.ts";

const DIST = join(import.meta.dirname, "../dist");
const BUNDLE = join(DIST, "oci");

/**
 * Makes it anew, and puts it in place when it is whole.
 * @param volt the executable that goes in
 * @param kernel a name in the store below dist/
 * @returns the bundle's folder
 */
export async function bundle(volt: string, kernel?: string, folder = BUNDLE): Promise<string> {
  const { store, name } = await stockKernel();
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  for (const entry of contents(volt)) put(join(draft, "rootfs"), entry);
  await copyKernel(store, kernel ?? name, join(draft, "rootfs", STORE));
  writeFileSync(join(draft, "config.json"), `${JSON.stringify(runtimeConfig({ root: "rootfs" }), null, 2)}\n`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  return folder;
}

function put(root: string, entry: Entry): void {
  const path = join(root, entry.path);
  mkdirSync(dirname(path), { recursive: true });
  if ("link" in entry) {
    symlinkSync(entry.link, path);
    return;
  }
  if ("folder" in entry) mkdirSync(path, { recursive: true });
  else copyFileSync(entry.from, path);
  // What a umask takes away is given back.
  chmodSync(path, entry.mode);
}

/** By the way that kernels go from host to host: the digests are checked. */
async function copyKernel(from: string, name: string, to: string): Promise<void> {
  const archive = `${to}/kernel.tar`;
  await exportKernel(storedKernel(storePaths(from), name), archive);
  await importKernel(storePaths(to), archive, name);
  rmSync(archive);
}

if (import.meta.main) {
  await build();
  console.log(`${await bundle(join(DIST, "volt"), process.argv[2])}: try it with runc run -b`);
}
