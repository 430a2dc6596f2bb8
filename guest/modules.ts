/**
 * The kernel modules a distribution's kernel needs to be a volt guest, as an archive to put behind the initramfs:
 * `/lib/modules/volt/NAME.ko`, and `order` with one name a line, for `guest/init/modules.c`.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type CpioEntry, cpio } from "../src/boot/cpio.ts";

/**
 * What Debian's cloud kernel has as modules and volt's devices and guest init use. Built-in ones cost nothing to name.
 * `button` and `evdev` carry the power button, `pvpanic-mmio` the ACPI device QEMU0001 (also where it is an I/O port).
 */
export const DEBIAN_MODULES: readonly string[] = [
  "button",
  "evdev",
  "pvpanic-mmio",
  "virtio_mmio",
  "virtio_blk",
  "virtio_net",
  "virtio_console",
  "virtio-rng",
  "virtio_balloon",
  "vmw_vsock_virtio_transport",
];

const FOLDER = "lib/modules/volt";

/**
 * @param unpackedKernelDir a kernel package as `dpkg-deb -x` unpacks it: it has `lib/modules/VERSION`
 *   (`modules.dep` is made there if it is missing).
 * @param names modules as modprobe knows them; what they depend on comes along.
 * @throws Error when a module is not there, or kmod is not installed.
 */
export function guestModules(unpackedKernelDir: string, names: readonly string[]): Uint8Array<ArrayBuffer> {
  const version = onlyVersion(unpackedKernelDir);
  run("depmod", ["-b", unpackedKernelDir, version]);
  const paths = new Set<string>();
  for (const name of names) {
    for (const path of withDependencies(unpackedKernelDir, version, name)) paths.add(path);
  }

  const entries: CpioEntry[] = [
    { kind: "directory", path: "lib" },
    { kind: "directory", path: "lib/modules" },
    { kind: "directory", path: FOLDER },
  ];
  for (const path of paths) {
    entries.push({ kind: "file", path: `${FOLDER}/${basename(path)}`, data: readFileSync(path) });
  }
  const order = [...paths].map((path) => `${basename(path)}\n`).join("");
  entries.push({ kind: "file", path: `${FOLDER}/order`, data: new TextEncoder().encode(order) });
  return cpio(entries);
}

function onlyVersion(directory: string): string {
  const folder = join(directory, "lib/modules");
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  if (versions.length !== 1)
    throw new Error(`${folder}: one kernel version was expected, ${versions.length} are there`);
  return versions[0]!;
}

/** The files to load for one module, dependencies first; none if it is built in. */
function withDependencies(directory: string, version: string, name: string): string[] {
  // This machine's own /etc/modprobe.d says nothing about the guest: an empty configuration in its place.
  const list = run("modprobe", ["-C", "/dev/null", "-d", directory, "-S", version, "--show-depends", name]);
  return list.split("\n").flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []);
}

function run(program: string, args: readonly string[]): string {
  const { PATH = "" } = process.env;
  const path = Bun.which(program, { PATH: `${PATH}:/usr/sbin:/sbin` });
  if (path === null) throw new Error(`${program} is missing: apt-get install kmod`);
  const result = Bun.spawnSync([path, ...args], { stdout: "pipe", stderr: "pipe" });
  if (!result.success) throw new Error(`${program} ${args.join(" ")}: ${result.stderr.toString().trim()}`);
  return result.stdout.toString();
}
