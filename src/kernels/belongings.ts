/** Files that come along with a kernel: its configuration and its modules, as a user gives them. */
import { compressionOf } from "../boot/compression.ts";
import { readCpio } from "../boot/cpio-read.ts";
import { ConfigError } from "../config/error.ts";
import { readInput, readInputBytes } from "../host/open-file.ts";
import { decompress } from "./image/decompress.ts";

/** As much as a built-in configuration may have. */
const CONFIG_MAX = 4 * 2 ** 20;
/** All modules of a distribution's kernel have some 500 MiB. */
const MODULES_MAX = 2 ** 30;

/** A kernel's .config. @throws ConfigError for what is none */
export function readKernelConfig(path: string): string {
  const text = readInput(path, "--kernel-config", CONFIG_MAX, "a kernel's configuration");
  if (/^CONFIG_\w+=/m.test(text)) return text;
  throw new ConfigError("", "--kernel-config", `${path} has no line CONFIG_...=: give a kernel's .config`);
}

/**
 * A cpio archive, unpacked here where it comes packed: each start of a VM takes from it what that guest needs, and packed or
 * without depmod's list would fail there.
 * @throws ConfigError for what is none
 */
export function readModules(path: string): Uint8Array {
  const bytes = readInputBytes(path, "--modules", MODULES_MAX, "an archive of modules");
  const compression = compressionOf(bytes);
  const archive = compression ? decompress(path, bytes, compression, MODULES_MAX) : bytes;
  const problem = archiveProblem(archive);
  if (problem === undefined) return archive;
  throw new ConfigError("", "--modules", `${path}: ${problem}: make one of lib/modules/VERSION, cpio -o -H newc`);
}

function archiveProblem(archive: Uint8Array): string | undefined {
  try {
    const paths = [...readCpio(archive)].map((member) => member.path);
    return paths.some((path) => path.endsWith("/modules.dep")) ? undefined : "it has no modules.dep (depmod makes it)";
  } catch (error) {
    return (error as Error).message;
  }
}
