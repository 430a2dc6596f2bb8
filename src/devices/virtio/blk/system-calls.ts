/** What disks need of the kernel while a guest runs, beyond what every machine does: for the sandbox. */
import { BLOCK_REQUESTS, SIZE_REQUESTS, STATX_FLAGS } from "../../../../ffi/block-device.ts";
import { O } from "../../../../ffi/fd.ts";
import { F_OFD_SETLK } from "../../../../ffi/file-lock.ts";
import { IORING_REGISTER, IORING_UNREGISTER } from "../../../../ffi/io-uring/layouts.ts";
import type { DriveConfig } from "../../../config/devices.ts";
import { diskAccess } from "../../../host/open-file.ts";
import { allow, is, type Rule, requests } from "../../../security/seccomp/rule.ts";

export function blkSystemCalls(drives: readonly DriveConfig[]): readonly Rule[] {
  if (drives.length === 0) return [];
  return hasRings(drives) ? [RING, ...SYNCHRONOUS] : SYNCHRONOUS;
}

/** Where a control API may put other files behind them. Which ones is for Landlock and the root folder to say. */
export function blkLiveCalls(drives: readonly DriveConfig[]): readonly Rule[] {
  if (drives.length === 0) return [];
  const direct = drives.some((drive) => drive.direct);
  return [
    allow("another file behind a disk", "openat", [
      is(2, "flags", {
        O_PATH: O.PATH | O.CLOEXEC,
        ...Object.fromEntries(drives.map((drive) => accessOf(drive))),
      }),
    ]),
    allow("which filesystem it is on", "fstatfs"),
    allow("no two VMs write the same", "fcntl", [is(1, "op", { F_OFD_SETLK })]),
    allow("how large its sectors are", "ioctl", requests(SIZE_REQUESTS)),
    ...(direct ? [allow("what O_DIRECT wants of it", "statx", [is(2, "flags", STATX_FLAGS)])] : []),
    allow("whether somebody changes its size", "inotify_add_watch inotify_rm_watch"),
    ...(hasRings(drives) ? [RING_FILE] : []),
  ];
}

function hasRings(drives: readonly DriveConfig[]): boolean {
  return drives.some(({ io_engine }) => io_engine === "Async");
}

function accessOf({ is_read_only, direct }: DriveConfig): [string, number] {
  return [
    `${is_read_only ? "O_RDONLY" : "O_RDWR"}${direct ? " | O_DIRECT" : ""}`,
    diskAccess(is_read_only, direct) | O.CLOEXEC,
  ];
}

/**
 * A ring walks around every filter. Each was made before the filters, and does nothing but the few operations that were
 * registered with it; a new one can't be made.
 */
const RING: Rule = allow("requests of disks go to their rings", "io_uring_enter");
const RING_FILE: Rule = allow("a ring's file, and nothing else of it, is replaced", "io_uring_register", [
  is(1, "opcode", {
    IORING_UNREGISTER_FILES: IORING_UNREGISTER.FILES,
    IORING_REGISTER_FILES: IORING_REGISTER.FILES,
  }),
]);

/** Also beside a ring: discards of block devices, and hosts that have no io_uring. */
const SYNCHRONOUS: readonly Rule[] = [
  allow("requests of disks that wait for each other", "preadv2 pwritev2 fdatasync fallocate"),
  allow("discards on block devices", "ioctl", requests(BLOCK_REQUESTS)),
];
