/**
 * Where things lie below `VOLT_HOME`:
 *
 * ```
 * kernels/NAME -> ../objects/DIGEST    a name is a symbolic link, so it changes in one step
 * kernels/default                      the name that is taken when none is given
 * objects/DIGEST/                      vmlinux, modules.cpio, config, manifest.json: never changed once it is there
 * drafts/                              what is being made; whoever makes it holds a lock on its folder
 * downloads/                           half-fetched files, to go on with
 * trust/                               public keys
 * lock                                 held while names and objects change
 * ```
 */
import { ConfigError } from "../config/error.ts";

/** Files of a stored kernel, by what they are. */
export const PARTS = { vmlinux: "vmlinux", modules: "modules.cpio", config: "config" } as const;
export type Part = keyof typeof PARTS;
export const MANIFEST = "manifest.json";

/** In `kernels/`: the file with the name that is taken when none is given. */
export const DEFAULT = "default";

/** One path component: "../../etc" must not lead anywhere, and "default" is taken. */
export function isKernelName(name: string): boolean {
  return /^[\w.+-]{1,100}$/.test(name) && !/^\.|^-/.test(name) && name !== DEFAULT;
}

/** The folders and files of a store. @param home VOLT_HOME */
export function storePaths(home: string) {
  const below = (name: string) => `${home}/${name}`;
  return {
    home,
    kernels: below("kernels"),
    default: below(`kernels/${DEFAULT}`),
    objects: below("objects"),
    drafts: below("drafts"),
    downloads: below("downloads"),
    trust: below("trust"),
    lock: below("lock"),
    kernel: (name: string) => below(`kernels/${name}`),
    object: (digest: string) => below(`objects/${digest}`),
  } as const;
}

export type StorePaths = ReturnType<typeof storePaths>;

/** @throws ConfigError */
export function checkName(name: string, flag: string): string {
  if (isKernelName(name)) return name;
  throw new ConfigError("", flag, `"${name}" can't be a kernel's name: letters, digits and . _ + - of them, up to 100`);
}
