import { sizeOf } from "../../../../ffi/block-device.ts";
import { Fd } from "../../../../ffi/fd.ts";
import type { DriveConfig } from "../../../config/devices.ts";
import { SECTOR_BYTES } from "./layout.ts";
import { DiskMemory } from "./memory.ts";
import type { DiskFile, OpenedDisk } from "./open.ts";

/** One disk: its file, what can be done with it, and the memory its requests use. */
export class Disk implements Disposable {
  readonly id: string;
  /** The file it began with, by a name that stays good. */
  readonly first: { readonly path: string; readonly name: Fd };
  readonly isReadOnly: boolean;
  /** Flushes are dropped, as the user wished: what the host loses in a power failure, the guest has lost. */
  readonly dropsFlushes: boolean;
  /** Bytes: what the guest can address, and what its accesses are best a multiple of. */
  readonly blockSize: number;
  readonly physicalSize: number;
  /** Whether its requests go around the host's page cache. */
  readonly isDirect: boolean;
  readonly memory: DiskMemory;
  /** It may be another one later, as what follows. */
  file: Fd;
  isBlockDevice: boolean;
  /** Whether it is on a filesystem that waits for no other machine. */
  isLocal: boolean;
  /** With O_DIRECT: what addresses and lengths of buffers must be multiples of. */
  alignment: DiskFile["alignment"];
  /** In sectors of 512 bytes. */
  capacity: number;
  /** Whether a write counts only when it is on the disk: for a driver that does not know flushes (5.2.6.2). */
  writeThrough = false;
  /** False once the filesystem has said that it has no holes, or can't zero a range. */
  canPunch = true;
  canZero = true;

  constructor(drive: DriveConfig, opened: OpenedDisk) {
    this.id = drive.drive_id;
    this.first = { path: opened.path, name: new Fd(opened.name, opened.path) };
    this.file = new Fd(opened.fd, opened.path);
    this.isBlockDevice = opened.isBlockDevice;
    this.isLocal = opened.isLocal;
    this.isReadOnly = drive.is_read_only;
    this.dropsFlushes = drive.cache_type === "Unsafe";
    this.blockSize = opened.blockSize;
    this.physicalSize = opened.physicalSize;
    this.alignment = opened.alignment;
    this.isDirect = drive.direct;
    this.memory = new DiskMemory(this.id, this.isDirect);
    this.capacity = this.measure();
  }

  /** Has this file from now on, and closes the other. Its blocks are no larger. */
  use(opened: DiskFile): void {
    this.file.close();
    this.file = new Fd(opened.fd, opened.path);
    this.isBlockDevice = opened.isBlockDevice;
    this.isLocal = opened.isLocal;
    this.alignment = opened.alignment;
    this.canPunch = this.canZero = true;
    this.capacity = this.measure();
  }

  /** Whole blocks that the file has now, in sectors; what is after them the guest never sees. @throws SystemError */
  measure(): number {
    return Math.floor(sizeOf(this.file) / this.blockSize) * (this.blockSize / SECTOR_BYTES);
  }

  /** Whether a stretch lies within the disk; `sector` and `sectors` may be any numbers. */
  holds(sector: number, sectors: number): boolean {
    return sector >= 0 && sector <= this.capacity && sectors <= this.capacity - sector;
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
    this.file.close();
    this.first.name.close();
  }
}
