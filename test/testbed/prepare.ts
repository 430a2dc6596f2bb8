import { chmod, copyFile, mkdir, readdir, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { cachedFolder } from "./cache.ts";
import { debianCloudKernel, type KernelPackage } from "./kernel.ts";
import { nestedQemu } from "./qemu.ts";
import { findTools, runTool, type Tools } from "./tools.ts";

/** What the mounts need, and then what a microVM is built on. Any other module is loaded when it is first used. */
const FIRST_MODULES = ["virtio_pci", "virtio_console", "fuse", "virtiofs", "overlay"];
const LATER_MODULES = ["kvm-amd", "virtio_rng", "tun", "vhost_net", "vhost_vsock"];

/** What init.sh uses of busybox. */
const APPLETS = [
  "cat",
  "cp",
  "insmod",
  "ip",
  "ln",
  "mkdir",
  "mknod",
  "mount",
  "poweroff",
  "sed",
  "sh",
  "switch_root",
  "uname",
];

const AGENT_SOURCES = ["main.c", "start.c", "bytes.c"];

export type Prepared = {
  readonly tools: Tools;
  /** The program and its first arguments. */
  readonly qemu: readonly string[];
  readonly vmlinuz: string;
  readonly initramfs: string;
};

/**
 * Everything a nested machine boots from, made if it is not in the cache.
 * Throws one line that names what is missing on this machine.
 */
export async function prepare(): Promise<Prepared> {
  const tools = findTools();
  const kernel = await debianCloudKernel();
  const name = `initramfs-${await inputsHash(kernel, tools)}`;
  const folder = await cachedFolder(name, (draft) => buildInitramfs(draft, kernel, tools));
  const qemu = await nestedQemu();
  return { tools, qemu, vmlinuz: kernel.vmlinuz, initramfs: join(folder, "initramfs") };
}

/** A name for the content of all that goes into the initramfs. */
async function inputsHash(kernel: KernelPackage, tools: Tools): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256").update(kernel.modules);
  const agent = (await readdir(join(import.meta.dir, "agent")))
    .sort()
    .map((file) => join(import.meta.dir, "agent", file));
  for (const file of [import.meta.path, join(import.meta.dir, "init.sh"), ...agent, tools.busybox]) {
    hash.update(await Bun.file(file).bytes());
  }
  return hash.digest("hex").slice(0, 16);
}

async function buildInitramfs(folder: string, kernel: KernelPackage, tools: Tools): Promise<void> {
  const root = join(folder, "root");
  for (const name of ["bin", "modules"]) await mkdir(join(root, name), { recursive: true });
  await copyFile(tools.busybox, join(root, "bin/busybox"));
  for (const applet of APPLETS) await symlink("busybox", join(root, "bin", applet));
  await copyFile(join(import.meta.dir, "init.sh"), join(root, "init"));
  await chmod(join(root, "init"), 0o755);
  const agent = AGENT_SOURCES.map((file) => join(import.meta.dir, "agent", file));
  await runTool(
    [tools.gcc, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-static", "-o", join(root, "agent"), ...agent],
    folder,
  );
  await addModules(root, kernel, tools);
  // Not compressed: unpacking takes the emulated processor longer than reading.
  const pack = `find . | "$1" --quiet -o -H newc -R 0:0 >../initramfs`;
  await runTool(["sh", "-c", pack, "sh", tools.cpio], root);
  await rm(root, { recursive: true });
}

async function addModules(root: string, kernel: KernelPackage, tools: Tools): Promise<void> {
  const first = await moduleFiles(FIRST_MODULES, kernel, tools);
  const later = (await moduleFiles(LATER_MODULES, kernel, tools)).filter((path) => !first.includes(path));
  const list = (paths: string[]): string => paths.map((path) => `${basename(path)}\n`).join("");
  for (const path of [...first, ...later]) await copyFile(path, join(root, "modules", basename(path)));
  await Bun.write(join(root, "modules.first"), list(first));
  await Bun.write(join(root, "modules.later"), list(later));
  await Bun.write(join(root, "modules.path"), kernel.modules);
}

/** The modules' files, each after the ones it needs. */
async function moduleFiles(modules: readonly string[], kernel: KernelPackage, tools: Tools): Promise<string[]> {
  const paths = new Set<string>();
  for (const module of modules) {
    const command = [tools.modprobe, "-d", kernel.root, "-S", kernel.version, "--show-depends", module];
    // A built-in one is listed as such, with no file.
    for (const [, path] of (await runTool(command, kernel.root)).matchAll(/^insmod (\S+)/gm)) if (path) paths.add(path);
  }
  return [...paths];
}
