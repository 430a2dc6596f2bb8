import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { baseInitramfs } from "../../guest/build.ts";
import { DEBIAN_MODULES, guestModules } from "../../guest/modules.ts";
import { readCpio } from "../../src/boot/cpio-read.ts";
import { selectModules } from "../../src/boot/modules.ts";
import { debianCloudKernel } from "../testbed/kernel.ts";

export interface GuestFiles {
  /** Debian's cloud kernel, a bzImage. */
  readonly kernel: string;
  /** volt's initramfs, then the modules this kernel needs. */
  readonly initramfs: Uint8Array;
}

const BASE = join(import.meta.dirname, "../../dist/guest-test/initramfs");

/** QEMU's virtio devices are on PCI; without KVM it has no clock of KVM's. */
const { vmlinuz, root } = await debianCloudKernel();
const names = [...DEBIAN_MODULES.filter((name) => name !== "ptp_kvm"), "virtio_pci"];
const modules = selectModules(guestModules(root, names), { load: names, offer: [] });

/** The modules that init is to load, in their order: those that this kernel has not built in. */
export function loadedModules(): string[] {
  const order = [...readCpio(modules)].find(({ path }) => path === "lib/modules/volt/order");
  const files = Buffer.from(order?.data ?? [])
    .toString()
    .trim()
    .split("\n");
  return files.map((file) => basename(file, ".ko").replaceAll("-", "_"));
}

/** Builds the initramfs. */
export function guestFiles(): GuestFiles {
  baseInitramfs(BASE);
  return { kernel: vmlinuz, initramfs: Buffer.concat([readFileSync(BASE), modules]) };
}
