/** A kernel in a Debian package. */
import { lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { BootError } from "../boot/error.ts";
import { runTool } from "./tool.ts";

export interface PackagedKernel {
  /** The bzImage. */
  readonly vmlinuz: string;
  /** Its .config, where it has one. */
  readonly config: string | undefined;
  /** The unpacked package: `lib/modules/VERSION` is in it. */
  readonly root: string;
  /** As dpkg has it. */
  readonly name: string;
  readonly version: string;
}

const CONFIG_MAX = 4 * 2 ** 20;

/** Whether the bytes begin as a .deb does: an ar archive with `debian-binary` first. */
export function isDeb(head: Uint8Array): boolean {
  return Buffer.from(head).toString("latin1").startsWith("!<arch>\ndebian-binary");
}

/**
 * Unpacks a kernel's package below `folder`. Its scripts are not run.
 * @param called what messages call the file
 * @throws BootError when it holds no kernel, ConfigError when dpkg-deb can't unpack it
 */
export async function unpackDeb(file: string, folder: string, called = file): Promise<PackagedKernel> {
  const root = `${folder}/package`;
  mkdirSync(root);
  const dpkgDeb = (...args: string[]) =>
    runTool(["dpkg-deb", ...args], { package: "dpkg", called: { [file]: called } });
  await dpkgDeb("-x", file, root);
  const fields = await dpkgDeb("-f", file, "Package", "Version");
  const field = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(fields)?.[1] ?? "";
  const boot = list(`${root}/boot`);
  const vmlinuz = boot.find((name) => /^vmlinu[xz]-/.test(name));
  if (vmlinuz === undefined || !isPlainFile(`${root}/boot`, vmlinuz)) {
    throw new BootError(called, "this package holds no kernel (boot/vmlinuz-*)", "give a linux-image package");
  }
  const config = boot.find((name) => name.startsWith("config-"));
  return {
    vmlinuz: `${root}/boot/${vmlinuz}`,
    config:
      config !== undefined && isPlainFile(`${root}/boot`, config) ? readText(`${root}/boot/${config}`) : undefined,
    root,
    name: field("Package"),
    version: field("Version"),
  };
}

/** A package may hold symbolic links: one to /etc/shadow would bring that into the store. */
function isPlainFile(folder: string, name: string): boolean {
  return lstatSync(folder).isDirectory() && lstatSync(`${folder}/${name}`).isFile();
}

function readText(path: string): string | undefined {
  return lstatSync(path).size <= CONFIG_MAX ? readFileSync(path, "latin1") : undefined;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
