/**
 * Finding a kernel: all of the store that a start of a VM needs, so nothing else of it is loaded here. What lies where is
 * in paths.ts.
 */
import { exists, readLink, readTextFile } from "../../ffi/files.ts";
import { ConfigError } from "../config/error.ts";
import { isKernelName, PARTS, storePaths } from "./paths.ts";

/** A kernel to boot. */
export interface FoundKernel {
  readonly path: string;
  /** Modules its guests need for volt's devices, as a cpio archive. */
  readonly modulesPath: string | undefined;
  /** Nobody truncates files of the store, so their pages can be mapped into a guest. */
  readonly inStore: boolean;
}

/** What an error is about: who read the configuration knows what the user calls it. */
const FIELD = "boot-source.kernel_image_path";

/** Where the store is, from the root: programs that volt starts elsewhere are told of it too. @param environment VOLT_HOME, XDG_DATA_HOME, HOME */
export function storeFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { VOLT_HOME, XDG_DATA_HOME, HOME = "" } = environment;
  if (VOLT_HOME) return VOLT_HOME.startsWith("/") ? VOLT_HOME : `${process.cwd()}/${VOLT_HOME}`;
  if (process.getuid?.() === 0) return "/var/lib/volt";
  return `${XDG_DATA_HOME || `${HOME}/.local/share`}/volt`;
}

/**
 * Finds a kernel by its name in the store or by path.
 * @param wish undefined for the store's default
 * @throws ConfigError
 */
export function findKernel(wish: string | undefined, home = storeFolder()): FoundKernel {
  const paths = storePaths(home);
  const name = wish ?? defaultName(paths.default);
  if (name === undefined) {
    throw new ConfigError(
      "",
      FIELD,
      `none given, and the store in ${home} has no default: give a vmlinux or bzImage, or get one: volt kernel install debian-cloud`,
    );
  }
  const folder = isKernelName(name) ? kernelFolder(paths.kernels, name) : undefined;
  const path = `${folder}/${PARTS.vmlinux}`;
  if (folder !== undefined && exists(path)) {
    const modules = `${folder}/${PARTS.modules}`;
    return { path, modulesPath: exists(modules) ? modules : undefined, inStore: true };
  }
  if (!exists(name)) throw new ConfigError("", FIELD, `"${name}" is neither in the store (${home}) nor a file`);
  return { path: name, modulesPath: undefined, inStore: false };
}

/** The name of the default kernel, where there is one. @param file `kernels/default` */
export function defaultName(file: string): string | undefined {
  return readTextFile(file)?.trim() || undefined;
}

/** What a name leads to, read once: were it given to another kernel now, this one's parts would still belong together. */
export function kernelFolder(kernels: string, name: string): string {
  const target = linkTarget(`${kernels}/${name}`);
  const digest = target === undefined ? undefined : /^\.\.(\/objects\/[0-9a-f]{64})$/.exec(target)?.[1];
  return digest === undefined ? `${kernels}/${name}` : `${kernels.slice(0, kernels.lastIndexOf("/"))}${digest}`;
}

/** Undefined for what is no symbolic link, or not there. */
function linkTarget(path: string): string | undefined {
  try {
    return readLink(path);
  } catch {
    return undefined;
  }
}
