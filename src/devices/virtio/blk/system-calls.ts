/** What disks need of the kernel while a guest runs, beyond what every machine does: for the sandbox. */
import { BLOCK_REQUESTS } from "../../../../ffi/block-device.ts";
import type { DriveConfig } from "../../../config/devices.ts";
import { allow, type Rule, requests } from "../../../security/seccomp/rule.ts";

export function blkSystemCalls(drives: readonly DriveConfig[]): readonly Rule[] {
  if (drives.length === 0) return [];
  return drives.some(({ io_engine }) => io_engine === "Async") ? [RING, ...SYNCHRONOUS] : SYNCHRONOUS;
}

/**
 * A ring walks around every filter. Each was made before the filters, and does nothing but the few operations that were
 * registered with it; a new one can't be made.
 */
const RING: Rule = allow("requests of disks go to their rings", "io_uring_enter");

/** Also beside a ring: discards of block devices, and hosts that have no io_uring. */
const SYNCHRONOUS: readonly Rule[] = [
  allow("requests of disks that wait for each other", "preadv2 pwritev2 fdatasync fallocate"),
  allow("discards on block devices", "ioctl", requests(BLOCK_REQUESTS)),
];
