/** Stage one: opens a disk's file, while volt still may. */
import { directAlignment, sectorSizes } from "../../../../ffi/block-device.ts";
import { SystemError } from "../../../../ffi/error.ts";
import { Fd, O } from "../../../../ffi/fd.ts";
import { lockFile } from "../../../../ffi/file-lock.ts";
import { isOnLocalFileSystem } from "../../../../ffi/file-system.ts";
import type { DriveConfig } from "../../../config/devices.ts";
import { ConfigError } from "../../../config/error.ts";
import { openDiskFile } from "../../../host/open-file.ts";
import { SECTOR_BYTES } from "./layout.ts";

/** An open file of a disk, and what is known of it. */
export interface DiskFile {
  readonly fd: number;
  readonly path: string;
  readonly isBlockDevice: boolean;
  /** A file on a filesystem that waits for no other machine. */
  readonly isLocal: boolean;
  /** In bytes: see `BlkGeometry`. */
  readonly blockSize: number;
  readonly physicalSize: number;
  /** With O_DIRECT: what buffers' addresses, and offsets and lengths, must be multiples of. */
  readonly alignment?: { readonly memory: number; readonly offset: number };
}

/** The file a disk begins with. Its descriptors survive the exec. */
export interface OpenedDisk extends DiskFile {
  readonly id: string;
  /** A name for the file (O_PATH) that holds in the sandbox too: a disk that had another file meanwhile comes back by it. */
  readonly name: number;
}

/** A file that a disk of this VM has, and which disk that is. */
export interface HeldFile {
  readonly id: string;
  readonly file: Fd;
}

/** As requests to a running VM call it. */
export const PATH_FIELD = "path_on_host";
/** What a filesystem's blocks and a modern disk's sectors have. */
const PAGE = 4096;
/** A quarter of a second: far more than a ring takes to go. */
const LOCK_TRIES = 25;
const LOCK_PAUSE_MS = 10;
/** Where the kernel does not say what O_DIRECT wants (before 6.1), this is enough for every disk there is. */
const SAFE_ALIGNMENT = { memory: PAGE, offset: PAGE };

/**
 * Its image is used as it is, raw: what it holds is the guest's to write, and so says nothing (a guest could write the
 * header of a format that names other files of the host).
 * @param others the same VM's, open by now
 * @param field the path's in the configuration, for the message
 * @throws ConfigError
 */
export function openDisk(
  { drive_id: id, path_on_host: path, is_read_only: isReadOnly, direct }: DriveConfig,
  others: readonly OpenedDisk[] = [],
  field: string = PATH_FIELD,
): OpenedDisk {
  const fd = openDiskFile(path, field, isReadOnly, direct);
  try {
    const file = describeFile(fd, field, direct);
    const held = others.map((other) => ({ id: other.id, file: new Fd(other.fd, other.path) }));
    lock(fd, field, isReadOnly, held);
    const name = Fd.open(`/proc/self/fd/${fd.number}`, O.PATH);
    for (const one of [fd, name]) one.setInherited(true);
    return { ...file, id, name: name.number };
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** Makes an open file ready for a disk's requests. @throws ConfigError for what is no disk */
export function describeFile(fd: Fd, field: string, direct: boolean): DiskFile {
  const isBlockDevice = checkKind(fd, field) === "block";
  // Opening must not wait for a FIFO's other end, but requests would fail instead of waiting for the disk.
  fd.setNonBlocking(false);
  const sizes = isBlockDevice ? sectorSizes(fd) : { logical: SECTOR_BYTES, physical: PAGE };
  const alignment = direct ? (directAlignment(fd) ?? SAFE_ALIGNMENT) : undefined;
  const blockSize = Math.max(sizes.logical, alignment?.offset ?? 0);
  const physicalSize = Math.max(sizes.physical, blockSize);
  const path = fd.about;
  const isLocal = !isBlockDevice && isOnLocalFileSystem(fd);
  return { fd: fd.number, path, isBlockDevice, isLocal, blockSize, physicalSize, ...(alignment ? { alignment } : {}) };
}

/** @throws ConfigError */
export function checkKind(fd: Fd, field: string): "file" | "block" {
  const { kind } = fd.status();
  if (kind === "file" || kind === "block") return kind;
  throw new ConfigError("", field, `${fd.about} is a ${kind}: a disk is a file or a block device`);
}

/**
 * Two guests that write the same filesystem destroy it. The lock lasts as long as the open file, which a VM's io_uring
 * keeps for a moment after the VM has ended: so a lock in the way is waited for, a little.
 */
function lock(fd: Fd, field: string, isReadOnly: boolean, held: readonly HeldFile[]): void {
  for (let tries = 0; tries < LOCK_TRIES; tries++) {
    if (tries > 0) Bun.sleepSync(LOCK_PAUSE_MS);
    if (tryLock(fd, isReadOnly)) return;
    if (holderOf(fd, held)) break;
  }
  throw new ConfigError("", field, inUse(fd, isReadOnly, held));
}

/** @param held what this VM's disks have @returns the one that has the file */
function holderOf(fd: Fd, held: readonly HeldFile[]): HeldFile | undefined {
  const { device, inode } = fd.identity();
  return held.find(({ file }) => {
    const other = file.identity();
    return other.device === device && other.inode === inode;
  });
}

/** Why a file can't be locked. */
export function inUse(fd: Fd, isReadOnly: boolean, held: readonly HeldFile[]): string {
  const holder = holderOf(fd, held);
  if (holder)
    return `${fd.about} is this VM's disk ${holder.id} already: give each its own file, or make both read-only (ro)`;
  const mend = isReadOnly
    ? "end that one, or let it use the disk read-only too"
    : "end that one, or let both use it read-only (ro)";
  return `${fd.about} is in use by another VM: ${mend}`;
}

/** Does not wait. @returns false where another disk's lock is in the way */
export function tryLock(fd: Fd, isReadOnly: boolean): boolean {
  try {
    return lockFile(fd, isReadOnly ? "shared" : "exclusive");
  } catch (error) {
    // A filesystem without locks (some network ones): nobody could be kept out.
    if (error instanceof SystemError) return true;
    throw error;
  }
}
