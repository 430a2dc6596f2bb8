/**
 * The modules of a distribution's kernel that volt's guests may want, as an archive: `lib/modules/VERSION/NAME.ko`, with a
 * `modules.dep` and `modules.alias` of their own. `src/boot/modules.ts` takes from it what one VM needs.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type CpioEntry, cpio } from "../src/boot/cpio.ts";
import { FILE_SYSTEM_MODULES } from "../src/devices/virtio/blk/file-systems.ts";

/**
 * What Debian's cloud kernel has as modules and volt's devices and guest init use. Built-in ones cost nothing to name.
 * `button` and `evdev` carry the power button, `pvpanic-mmio` the ACPI device QEMU0001 (also where it is an I/O port),
 * `ptp_kvm` the host's time.
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
  "ptp_kvm",
  ...FILE_SYSTEM_MODULES,
];

/** Counts the ways the archive was laid out: an older one is packed anew. */
export const MODULES_LAYOUT = 2;

/**
 * @param unpackedKernelDir a kernel package as `dpkg-deb -x` unpacks it: it has `lib/modules/VERSION`
 *   (`modules.dep` is made there if it is missing).
 * @param names modules as modprobe knows them; what they depend on comes along. One that this kernel does not have is left
 *   out: kernels differ, and `volt kernel check` says which device that is one too few for.
 * @throws Error when the package is not one kernel's, or kmod is not installed.
 */
export function guestModules(unpackedKernelDir: string, names: readonly string[]): Uint8Array<ArrayBuffer> {
  const version = onlyVersion(unpackedKernelDir);
  run("depmod", ["-b", unpackedKernelDir, version]);
  const paths = new Set(names.flatMap((name) => withDependencies(unpackedKernelDir, version, name)));
  const dependencies = [...paths].map((path) => {
    const needed = withDependencies(unpackedKernelDir, version, moduleName(path)).slice(0, -1).reverse();
    return `${basename(path)}:${needed.map((other) => ` ${basename(other)}`).join("")}\n`;
  });

  const folder = `lib/modules/${version}`;
  const text = (name: string, content: string): CpioEntry => {
    return { kind: "file", path: `${folder}/${name}`, data: new TextEncoder().encode(content) };
  };
  return cpio([
    { kind: "directory", path: "lib" },
    { kind: "directory", path: "lib/modules" },
    { kind: "directory", path: folder },
    ...[...paths].map((path): CpioEntry => {
      return { kind: "file", path: `${folder}/${basename(path)}`, data: readFileSync(path) };
    }),
    text("modules.dep", dependencies.join("")),
    text("modules.alias", aliases(join(unpackedKernelDir, folder, "modules.alias"), [...paths].map(moduleName))),
  ]);
}

/** The other names of these modules, by which the kernel asks for them. */
function aliases(file: string, modules: readonly string[]): string {
  const ours = new Set(modules);
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return lines.flatMap((line) => (ours.has(line.split(" ").at(-1) ?? "") ? `${line}\n` : [])).join("");
}

function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.\w+)?$/, "")
    .replaceAll("-", "_");
}

function onlyVersion(directory: string): string {
  const folder = join(directory, "lib/modules");
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  if (versions.length !== 1)
    throw new Error(`${folder}: one kernel version was expected, ${versions.length} are there`);
  return versions[0]!;
}

/** The files to load for one module, dependencies first; none if it is built in, or this kernel has no such module. */
function withDependencies(directory: string, version: string, name: string): string[] {
  // This machine's own /etc/modprobe.d says nothing about the guest: an empty configuration in its place.
  const args = ["-C", "/dev/null", "-d", directory, "-S", version, "--show-depends", name];
  const list = run("modprobe", args, / not found in directory /);
  return list.split("\n").flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []);
}

/** @param noResult a failure with this message is an answer: nothing. @returns its stdout */
function run(program: string, args: readonly string[], noResult?: RegExp): string {
  const { PATH = "" } = process.env;
  const path = Bun.which(program, { PATH: `${PATH}:/usr/sbin:/sbin` });
  if (path === null) throw new Error(`${program} is missing: apt-get install kmod`);
  const result = Bun.spawnSync([path, ...args], { stdout: "pipe", stderr: "pipe" });
  if (result.success) return result.stdout.toString();
  const message = result.stderr.toString().trim();
  if (noResult?.test(message)) return "";
  throw new Error(`${program} ${args.join(" ")}: ${message}`);
}
