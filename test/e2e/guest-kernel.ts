import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { baseInitramfs } from "../../guest/build.ts";
import { DEBIAN_MODULES, guestModules } from "../../guest/modules.ts";

export interface GuestFiles {
  /** Debian's cloud kernel, a bzImage. */
  readonly kernel: string;
  /** volt's initramfs, then the modules this kernel needs. */
  readonly initramfs: Uint8Array;
}

const CACHE = join(import.meta.dirname, "../../dist/guest-test");

let files: GuestFiles | undefined;

/** Gets and unpacks the kernel package, once; builds the initramfs. */
export function guestFiles(): GuestFiles {
  files ??= makeFiles();
  return files;
}

function makeFiles(): GuestFiles {
  const unpacked = unpackedKernel();
  const name = readdirSync(join(unpacked, "boot")).find((file) => file.startsWith("vmlinuz-"));
  if (name === undefined) throw new Error(`${unpacked}/boot has no vmlinuz: delete ${CACHE}`);
  const base = join(CACHE, "initramfs");
  baseInitramfs(base);
  const modules = guestModules(unpacked, [...DEBIAN_MODULES, "virtio_pci"]); // QEMU's virtio devices are on PCI
  return { kernel: join(unpacked, "boot", name), initramfs: Buffer.concat([readFileSync(base), modules]) };
}

function unpackedKernel(): string {
  const folder = join(CACHE, "kernel");
  if (existsSync(join(folder, "boot"))) return folder;
  mkdirSync(CACHE, { recursive: true });
  const depends = run(["apt-cache", "depends", "linux-image-cloud-amd64"]);
  const name = /Depends: (linux-image-[0-9]\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error("linux-image-cloud-amd64 is not known here: apt-get update");
  run(["apt-get", "download", name]);
  const file = readdirSync(CACHE).find((entry) => entry.startsWith(name) && entry.endsWith(".deb"))!;
  run(["dpkg-deb", "-x", file, "kernel"]);
  return folder;
}

function run(command: string[]): string {
  const result = Bun.spawnSync(command, { cwd: CACHE, stdout: "pipe", stderr: "pipe", timeout: 300_000 });
  if (!result.success) throw new Error(`${command.join(" ")}: ${result.stderr.toString()}`);
  return result.stdout.toString();
}
