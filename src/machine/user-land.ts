/** Who the guest's first process is. */
import { allowsOwnInit, keepsOwnInit, ROOT_DEVICE, rootDisk } from "../config/user-land.ts";
import type { Plan } from "./plan.ts";

export interface UserLand {
  /** volt's own initramfs is unpacked: its init starts the guest, whoever goes on from there. */
  readonly hasOwnInit: boolean;
  /** That init stays: it runs the command or the shell, and standard input reaches it framed. */
  readonly ownInitStays: boolean;
  /** The disk it makes the root. */
  readonly root: { readonly device: string; readonly readOnly: boolean } | undefined;
}

/**
 * An initrd of the user's is his affair, whatever disks there are. A root disk starts by itself where the kernel can mount
 * it; where it needs modules for that, or a command is to run on it, volt's own init mounts it.
 */
export function userLand({ config, initrd, modules }: Pick<Plan, "config" | "initrd" | "modules">): UserLand {
  const disk = rootDisk(config);
  const isOwn = initrd === undefined && allowsOwnInit(config);
  const ownInitStays = isOwn && keepsOwnInit(config);
  const hasOwnInit = ownInitStays || (isOwn && modules !== undefined);
  return {
    hasOwnInit,
    ownInitStays,
    root: hasOwnInit && disk ? { device: ROOT_DEVICE, readOnly: disk.is_read_only } : undefined,
  };
}
