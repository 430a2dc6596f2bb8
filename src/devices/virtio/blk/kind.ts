import { sizeOf } from "../../../../ffi/block-device.ts";
import { Fd } from "../../../../ffi/fd.ts";
import type { AccessFs } from "../../../../ffi/landlock.ts";
import type { DriveConfig } from "../../../config/devices.ts";
import type { VmConfig } from "../../../config/schema.ts";
import type { DeviceKind } from "../kind.ts";
import { BlkDevice, type BlkOptions } from "./device.ts";
import { Disk } from "./disk.ts";
import { chooseEngine } from "./engine/choose.ts";
import type { DiskEngine, Operation } from "./engine/operation.ts";
import { FILE_SYSTEM_MODULES } from "./file-systems.ts";
import { SECTOR_BYTES } from "./layout.ts";
import { type HeldFile, type OpenedDisk, openDisk, PATH_FIELD } from "./open.ts";
import { openAnother } from "./reopen.ts";
import { blkLiveCalls, blkSystemCalls } from "./system-calls.ts";
import { type OpenedWatch, SizeWatch, watchDisks } from "./watch.ts";

/** What stage one opened, in the devices' order. */
interface OpenedDisks {
  readonly disks: readonly OpenedDisk[];
  readonly watch?: OpenedWatch | undefined;
  /** The folder that volt was started in. */
  readonly folder: string;
}

export const blk: DeviceKind<OpenedDisks> = {
  name: "blk",
  modules: ["virtio_blk"],
  furtherModules: FILE_SYSTEM_MODULES,

  open({ drives }) {
    const disks: OpenedDisk[] = [];
    try {
      for (const drive of inOrder(drives)) {
        disks.push(openDisk(drive, disks, `drives.${drives.indexOf(drive)}.${PATH_FIELD}`));
      }
      return { disks, watch: watchDisks(disks), folder: process.cwd() };
    } catch (error) {
      for (const { fd, name, path } of disks) for (const one of [fd, name]) new Fd(one, path).close();
      throw error;
    }
  },

  create({ drives, volt }, { disks, watch, folder }) {
    const devices: BlkDevice[] = [];
    const look = (): void => {
      for (const disk of devices) disk.resize();
    };
    const sizes = watch && new SizeWatch(watch, look);
    const reach = { folder, allowed: isClosed(volt) ? volt.sandbox.allow_paths : undefined };
    const held = (): HeldFile[] => devices.flatMap(({ name: id, files }) => files.map((file) => ({ id, file })));
    inOrder(drives).forEach((drive, i) => {
      const disk = new Disk(drive, disks[i]!);
      const open = (path: string) => openAnother(path, disk, reach, held());
      const moved = () => sizes?.move(i, disk.file);
      devices.push(createDisk(drive, disk, { open, moved, sources: sizes && i === 0 ? [sizes] : [] }));
    });
    return devices;
  },

  systemCalls: ({ drives }) => blkSystemCalls(drives),
  liveCalls: ({ drives }) => blkLiveCalls(drives),
  files: ({ drives }, { disks }) =>
    inOrder(drives).map((drive, i) => ({
      fd: disks[i]!.name,
      access: accessTo(drive, disks[i]!),
      why: "a disk may come back to the file it began with",
    })),
};

/** The root disk is `vda`; the others follow as they were given. */
function inOrder(drives: readonly DriveConfig[]): DriveConfig[] {
  return drives.toSorted((a, b) => Number(b.is_root_device) - Number(a.is_root_device));
}

/** No more than the disk has. */
function accessTo({ is_read_only }: DriveConfig, { isBlockDevice }: OpenedDisk): AccessFs[] {
  return [
    "READ_FILE",
    ...(is_read_only ? [] : ["WRITE_FILE" as const]),
    ...(isBlockDevice ? ["IOCTL_DEV" as const] : []),
  ];
}

function isClosed({ sandbox: { landlock, namespaces } }: VmConfig["volt"]): boolean {
  return landlock || namespaces !== "off";
}

function createDisk(
  drive: DriveConfig,
  disk: Disk,
  connections: Pick<BlkOptions, "open" | "moved" | "sources">,
): BlkDevice {
  const notes: string[] = [];
  const rest = sizeOf(disk.file) - disk.capacity * SECTOR_BYTES;
  if (rest > 0)
    notes.push(`the last ${rest} bytes of ${disk.file.about} are no whole block: the guest does not see them`);
  const createEngine = (operations: readonly Operation[]): DiskEngine =>
    chooseEngine(drive, disk, operations, (why) => notes.push(why));
  const { num_queues: queues, rate_limiter: limits } = drive;
  return new BlkDevice({ disk, queues, createEngine, limits, notes, ...connections });
}
