/** The kernel store: a folder a kernel under `VOLT_HOME/kernels`. */
import { exists, readTextFile } from "../../ffi/files.ts";
import { ConfigError } from "../config/error.ts";

/** A kernel to boot. */
export interface FoundKernel {
  readonly path: string;
  /** Modules its guests need for volt's devices, as a cpio archive. */
  readonly modulesPath: string | undefined;
  /** Nobody truncates files of the store, so their pages can be mapped into a guest. */
  readonly inStore: boolean;
}

/** Where the store is. @param environment VOLT_HOME, XDG_DATA_HOME, HOME */
export function storeFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { VOLT_HOME, XDG_DATA_HOME, HOME = "" } = environment;
  if (VOLT_HOME) return VOLT_HOME;
  if (process.getuid?.() === 0) return "/var/lib/volt";
  return `${XDG_DATA_HOME || `${HOME}/.local/share`}/volt`;
}

/**
 * Finds a kernel by its name in the store or by path.
 * @param wish undefined for the store's default
 * @throws ConfigError
 */
export function findKernel(wish: string | undefined, folder = storeFolder()): FoundKernel {
  const kernels = `${folder}/kernels`;
  const name = wish ?? defaultName(kernels);
  if (name === undefined) {
    throw new ConfigError(
      "",
      "--kernel",
      `none given, and the store in ${folder} has no default: give a vmlinux or bzImage`,
    );
  }
  const path = `${kernels}/${name}/vmlinux`;
  // A store name is one path component: "../../etc" must not lead anywhere.
  if (/^[\w.-]+$/.test(name) && !/^\.\.?$/.test(name) && exists(path)) {
    const modules = `${kernels}/${name}/modules.cpio`;
    return { path, modulesPath: exists(modules) ? modules : undefined, inStore: true };
  }
  if (!exists(name)) throw new ConfigError("", "--kernel", `"${name}" is neither in the store (${folder}) nor a file`);
  return { path: name, modulesPath: undefined, inStore: false };
}

function defaultName(kernels: string): string | undefined {
  return readTextFile(`${kernels}/default`)?.trim() || undefined;
}
