import { readFileSync } from "node:fs";
import { join } from "node:path";
import { baseInitramfs } from "../../guest/build.ts";
import { DEBIAN_MODULES, guestModules } from "../../guest/modules.ts";
import { selectModules } from "../../src/boot/modules.ts";
import { debianCloudKernel } from "../testbed/kernel.ts";

export interface GuestFiles {
  /** Debian's cloud kernel, a bzImage. */
  readonly kernel: string;
  /** volt's initramfs, then the modules this kernel needs. */
  readonly initramfs: Uint8Array;
}

const BASE = join(import.meta.dirname, "../../dist/guest-test/initramfs");

/** QEMU's virtio devices are on PCI. */
const { vmlinuz, root } = await debianCloudKernel();
const names = [...DEBIAN_MODULES, "virtio_pci"];
const modules = selectModules(guestModules(root, names), { load: names, offer: [] });

/** Builds the initramfs. */
export function guestFiles(): GuestFiles {
  baseInitramfs(BASE);
  return { kernel: vmlinuz, initramfs: Buffer.concat([readFileSync(BASE), modules]) };
}
