import { sizeOf } from "../../../../ffi/block-device.ts";
import { Fd } from "../../../../ffi/fd.ts";
import type { DriveConfig } from "../../../config/devices.ts";
import type { EventSource } from "../device.ts";
import type { DeviceKind } from "../kind.ts";
import { BlkDevice } from "./device.ts";
import { Disk } from "./disk.ts";
import { chooseEngine } from "./engine/choose.ts";
import type { DiskEngine, Operation } from "./engine/operation.ts";
import { FILE_SYSTEM_MODULES } from "./file-systems.ts";
import { SECTOR_BYTES } from "./layout.ts";
import { type OpenedDisk, openDisk } from "./open.ts";
import { blkSystemCalls } from "./system-calls.ts";
import { sizeSource, watchDisks } from "./watch.ts";

/** What stage one opened, in the devices' order. */
interface OpenedDisks {
  readonly disks: readonly OpenedDisk[];
  /** An inotify descriptor. */
  readonly watch?: number | undefined;
}

export const blk: DeviceKind<OpenedDisks> = {
  name: "blk",
  modules: ["virtio_blk"],
  furtherModules: FILE_SYSTEM_MODULES,

  open({ drives }) {
    const disks: OpenedDisk[] = [];
    try {
      for (const drive of inOrder(drives)) disks.push(openDisk(drive));
      return { disks, watch: watchDisks(disks) };
    } catch (error) {
      for (const { fd, path } of disks) new Fd(fd, path).close();
      throw error;
    }
  },

  create({ drives }, { disks, watch }) {
    const devices: BlkDevice[] = [];
    const look = (): void => {
      for (const disk of devices) disk.resize();
    };
    const sizes = watch === undefined ? [] : [sizeSource(watch, look)];
    inOrder(drives).forEach((drive, i) => {
      devices.push(createDisk(drive, disks[i]!, i === 0 ? sizes : []));
    });
    return devices;
  },

  systemCalls: ({ drives }) => blkSystemCalls(drives),
};

/** The root disk is `vda`; the others follow as they were given. */
function inOrder(drives: readonly DriveConfig[]): DriveConfig[] {
  return drives.toSorted((a, b) => Number(b.is_root_device) - Number(a.is_root_device));
}

function createDisk(drive: DriveConfig, opened: OpenedDisk, sources: readonly EventSource[]): BlkDevice {
  const disk = new Disk(drive, opened);
  const notes: string[] = [];
  const rest = sizeOf(disk.file) - disk.capacity * SECTOR_BYTES;
  if (rest > 0) notes.push(`the last ${rest} bytes of ${opened.path} are no whole block: the guest does not see them`);
  const createEngine = (operations: readonly Operation[]): DiskEngine =>
    chooseEngine(drive, disk, operations, (why) => notes.push(why));
  const { num_queues: queues, rate_limiter: limits } = drive;
  return new BlkDevice({ disk, queues, createEngine, limits, notes, sources });
}
