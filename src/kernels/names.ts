/** Names, and which one is the default. */
import { existsSync, rmSync } from "node:fs";
import { ConfigError } from "../config/error.ts";
import { storedKernel, usableKernel } from "./list.ts";
import { withStoreLock } from "./lock.ts";
import { checkIsVolts, linkName, replaceFile } from "./objects.ts";
import { checkName, DEFAULT, type StorePaths } from "./paths.ts";
import { defaultName } from "./store.ts";

/** @throws ConfigError when there is none of this name */
export function setDefault(paths: StorePaths, name: string): void {
  withStoreLock(paths, () => {
    usableKernel(paths, name);
    replaceFile(paths.kernels, DEFAULT, `${name}\n`);
  });
}

/** The first kernel that comes into a store is its default. */
export function setFirstDefault(paths: StorePaths, name: string): boolean {
  return withStoreLock(paths, () => {
    if (defaultName(paths.default) !== undefined) return false;
    replaceFile(paths.kernels, DEFAULT, `${name}\n`);
    return true;
  });
}

/**
 * Gives an object a name.
 * @throws ConfigError when a gc has just taken it
 */
export function nameObject(paths: StorePaths, name: string, digest: string): void {
  checkName(name, "--name");
  withStoreLock(paths, () => {
    if (!existsSync(paths.object(digest)))
      throw new ConfigError("", name, "the kernel was removed meanwhile: try again");
    linkName(paths, name, digest);
  });
}

/** Gives a kernel one more name. @throws ConfigError */
export function tagKernel(paths: StorePaths, name: string, tag: string): void {
  checkName(tag, tag);
  withStoreLock(paths, () => {
    const { digest } = usableKernel(paths, name);
    if (digest === undefined) throw new ConfigError("", name, "it was not put there by volt: volt kernel add it");
    linkName(paths, tag, digest);
  });
}

/**
 * Takes a name away. The kernel's files stay until `gc`, and for VMs that have them open until they end.
 * @throws ConfigError when there is none of this name, or it was made by hand
 */
export function removeName(paths: StorePaths, name: string): void {
  withStoreLock(paths, () => {
    const { isDefault } = storedKernel(paths, name);
    checkIsVolts(paths, name);
    // First the default: never one that leads nowhere.
    if (isDefault) rmSync(paths.default, { force: true });
    rmSync(paths.kernel(name));
  });
}
