/** Numbers of namespaces and mounts: unshare(2), mount(2), mount_setattr(2), pivot_root(2). */
import { layout, pack, u64 } from "./abi.ts";

export const CLONE = {
  NEWNS: 0x0002_0000,
  NEWCGROUP: 0x0200_0000,
  NEWUTS: 0x0400_0000,
  NEWIPC: 0x0800_0000,
  NEWUSER: 0x1000_0000,
  NEWPID: 0x2000_0000,
  NEWNET: 0x4000_0000,
} as const;

export const MS = {
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  BIND: 0x1000,
  MOVE: 0x2000,
  REC: 0x4000,
  PRIVATE: 0x4_0000,
} as const;

export const MNT = { DETACH: 2 } as const;
export const AT = { FDCWD: -100, EMPTY_PATH: 0x1000, RECURSIVE: 0x8000 } as const;
export const S = { IFREG: 0o100000 } as const;

const MOUNT_ATTR = layout("struct mount_attr", "linux/mount.h", 32, { attr_set: u64(0), attr_clr: u64(8) });
const MOUNT_ATTR_RDONLY = 1;
const MOUNT_ATTR_NOSUID = 2;
const MOUNT_ATTR_NODEV = 4;
const MOUNT_ATTR_NOEXEC = 8;

/** What mount_setattr(2) takes to make mounts read-only, without devices and setuid programs. */
export function readOnlyMount(): Uint8Array {
  return pack(MOUNT_ATTR, { attr_set: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV });
}

/** The same for mounts that are written to: no programs at all. @param hasDevices whether device files may be opened */
export function dataMount(hasDevices = false): Uint8Array {
  const attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | (hasDevices ? 0 : MOUNT_ATTR_NODEV);
  return pack(MOUNT_ATTR, { attr_set });
}
