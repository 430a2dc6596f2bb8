import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cachedFolder } from "../../testbed/cache.ts";
import { runTool } from "../../testbed/tools.ts";

const META_PACKAGE = "linux-image-amd64";

/**
 * The bzImage of Debian's full kernel. It is packed with xz, and reads the MP table, which the cloud kernel can't.
 * Downloaded with apt the first time, and then kept.
 */
export async function fullKernel(): Promise<string> {
  const folder = await cachedFolder("full-kernel", unpack);
  const name = readdirSync(join(folder, "boot")).find((file) => file.startsWith("vmlinuz-"));
  if (!name) throw new Error(`${folder}/boot holds no kernel; remove that folder and try again`);
  return join(folder, "boot", name);
}

async function unpack(folder: string): Promise<void> {
  const depends = await runTool(["apt-cache", "depends", META_PACKAGE], folder);
  const name = /Depends: (linux-image-\d\S*)/.exec(depends)?.[1];
  if (!name) throw new Error(`apt knows no ${META_PACKAGE}; run apt-get update`);
  await runTool(["apt-get", "download", "-q", name], folder);
  const archive = readdirSync(folder).find((file) => file.endsWith(".deb"));
  if (!archive) throw new Error(`apt-get download left no package of ${name} in ${folder}`);
  // Not the 300 MiB of modules.
  const script = `dpkg-deb --fsys-tarfile "$0" | tar -x --wildcards './boot/vmlinuz-*'`;
  await runTool(["sh", "-c", script, archive], folder);
  await Bun.file(join(folder, archive)).delete();
}
