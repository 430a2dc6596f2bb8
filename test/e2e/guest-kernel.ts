import { readFileSync } from "node:fs";
import { join } from "node:path";
import { baseInitramfs } from "../../guest/build.ts";
import { stockKernel } from "../../scripts/guest-kernel.ts";

export interface GuestFiles {
  /** Debian's cloud kernel, a bzImage. */
  readonly kernel: string;
  /** volt's initramfs, then the modules this kernel needs. */
  readonly initramfs: Uint8Array;
}

const BASE = join(import.meta.dirname, "../../dist/guest-test/initramfs");

const { bzImage, modules } = await stockKernel();

/** Builds the initramfs. */
export function guestFiles(): GuestFiles {
  baseInitramfs(BASE);
  return { kernel: bzImage, initramfs: Buffer.concat([readFileSync(BASE), readFileSync(modules)]) };
}
