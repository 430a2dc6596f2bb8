/** Files that come along with a kernel: its configuration and its modules, as a user gives them. */
import { compressionOf } from "../boot/compression.ts";
import { ConfigError } from "../config/error.ts";
import { readInput, readInputBytes } from "../host/open-file.ts";

/** As much as a built-in configuration may have. */
const CONFIG_MAX = 4 * 2 ** 20;
/** All modules of a distribution's kernel have some 500 MiB. */
const MODULES_MAX = 2 ** 30;
/** Of "newc" archives, without and with checksums: those that Linux unpacks (usr/initramfs). */
const CPIO_MAGICS = ["070701", "070702"];

/** A kernel's .config. @throws ConfigError for what is none */
export function readKernelConfig(path: string): string {
  const text = readInput(path, "--kernel-config", CONFIG_MAX, "a kernel's configuration");
  if (/^CONFIG_\w+=/m.test(text)) return text;
  throw new ConfigError("", "--kernel-config", `${path} has no line CONFIG_...=: give a kernel's .config`);
}

/** A cpio archive, plain or packed as Linux takes it. @throws ConfigError for what is none */
export function readModules(path: string): Uint8Array {
  const bytes = readInputBytes(path, "--modules", MODULES_MAX, "an archive of modules");
  const magic = Buffer.from(bytes.subarray(0, 6)).toString("latin1");
  if (CPIO_MAGICS.includes(magic) || compressionOf(bytes)) return bytes;
  throw new ConfigError("", "--modules", `${path} is no cpio archive: make one with cpio -o -H newc`);
}
