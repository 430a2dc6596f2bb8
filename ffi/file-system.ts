/** Which kind of filesystem a file is on: statfs(2). */
import { get, layout, pack, u64 } from "./abi.ts";
import { check } from "./error.ts";
import type { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

export const STATFS = layout("struct statfs", "sys/vfs.h", 120, { f_type: u64(0) });

/** Values of `f_type`, as <linux/magic.h> has them. */
export const SUPER_MAGIC = {
  BTRFS_SUPER: 0x9123683e,
  EXT4_SUPER: 0xef53,
  F2FS_SUPER: 0xf2f52010,
  OVERLAYFS_SUPER: 0x794c7630,
  RAMFS: 0x858458f6,
  TMPFS: 0x01021994,
  XFS_SUPER: 0x58465342,
} as const;

/** Filesystems whose data is in this machine's memory or on its own disks: none waits for another machine. */
const LOCAL: ReadonlySet<number> = new Set(Object.values(SUPER_MAGIC));

/** Whether a file is on one of those. @throws SystemError */
export function isOnLocalFileSystem(fd: Fd): boolean {
  const statfs = pack(STATFS);
  check(libc.fstatfs(fd.number, statfs), "fstatfs", fd.about);
  return LOCAL.has(get(statfs, STATFS.fields.f_type));
}
