import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cachedFolder } from "./cache.ts";
import { findTools, runTool } from "./tools.ts";

const META_PACKAGE = "linux-image-cloud-amd64";

export type KernelPackage = {
  /** As `uname -r` has it. */
  readonly version: string;
  /** The bzImage. */
  readonly vmlinuz: string;
  /** The unpacked package. */
  readonly root: string;
  /** Its modules, with depmod's tables. */
  readonly modules: string;
};

/**
 * Debian's cloud kernel, unpacked but not installed. Downloaded the first time and then kept: a test run does not change
 * its kernel because Debian had an update.
 * Throws when apt does not know the package or can't download it.
 */
export async function debianCloudKernel(): Promise<KernelPackage> {
  const root = await cachedFolder("kernel", unpackKernel);
  const [version] = readdirSync(join(root, "lib/modules"));
  if (!version) throw new Error(`${root} holds no kernel modules; remove that folder and try again`);
  return { version, root, vmlinuz: join(root, `boot/vmlinuz-${version}`), modules: join(root, "lib/modules", version) };
}

async function unpackKernel(folder: string): Promise<void> {
  const tools = findTools();
  const archive = await download(folder).catch(async () => {
    // A new machine has no package lists, an old one may know a version that is gone from the archive.
    await runTool([tools.aptGet, "update", "-q"], folder);
    return await download(folder);
  });
  await runTool([tools.dpkgDeb, "-x", archive, "."], folder);
  await Bun.file(join(folder, archive)).delete();
  for (const version of readdirSync(join(folder, "lib/modules"))) {
    await runTool([tools.depmod, "-b", folder, version], folder);
  }
}

/** @returns the package's file name in `folder` */
async function download(folder: string): Promise<string> {
  const tools = findTools();
  const depends = await runTool([tools.aptCache, "depends", META_PACKAGE], folder);
  const name = /Depends: (linux-image-\d\S*)/.exec(depends)?.[1];
  if (!name) throw new Error(`apt knows no ${META_PACKAGE}; run apt-get update`);
  await runTool([tools.aptGet, "download", "-q", name], folder);
  const archive = readdirSync(folder).find((file) => file.endsWith(".deb"));
  if (!archive) throw new Error(`apt-get download left no package of ${name} in ${folder}`);
  return archive;
}
