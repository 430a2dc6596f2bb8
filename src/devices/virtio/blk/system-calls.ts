/** What disks need of the kernel beyond what every machine does: for the sandbox. */
import { BLOCK_REQUESTS } from "../../../../ffi/block-device.ts";
import type { DriveConfig } from "../../../config/devices.ts";
import type { DeviceRules } from "../../../security/seccomp/profiles.ts";
import { allow, type Rule, requests } from "../../../security/seccomp/rule.ts";

export function blkSystemCalls(drives: readonly DriveConfig[]): Partial<DeviceRules> {
  if (drives.length === 0) return {};
  const hasRing = drives.some(({ io_engine }) => io_engine === "Async");
  return { setUp: hasRing ? RING_SET_UP : [], running: [...(hasRing ? RING : []), ...SYNCHRONOUS] };
}

/** A ring walks around every filter: its own restrictions, registered before it runs, name the operations it may do. */
const RING_SET_UP: readonly Rule[] = [
  allow("a disk's ring, and the few operations it is restricted to", "io_uring_setup io_uring_register"),
];
const RING: readonly Rule[] = [allow("requests of disks go to their rings", "io_uring_enter")];

/** Also beside a ring: discards of block devices, and hosts that have no io_uring. */
const SYNCHRONOUS: readonly Rule[] = [
  allow("requests of disks that wait for each other", "preadv pwritev fdatasync fallocate"),
  allow("discards on block devices", "ioctl", requests(BLOCK_REQUESTS)),
];
