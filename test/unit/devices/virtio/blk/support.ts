/** A guest with two disks: a test maltreats the first, the second must never notice. */
import { expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fd } from "../../../../../ffi/fd.ts";
import type { DriveConfig } from "../../../../../src/config/devices.ts";
import { parseConfig } from "../../../../../src/config/parse.ts";
import type { VmConfig, VmConfigInput } from "../../../../../src/config/schema.ts";
import type { BlkDevice } from "../../../../../src/devices/virtio/blk/device.ts";
import { blk } from "../../../../../src/devices/virtio/blk/kind.ts";
import { RequestStatus, RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { Status } from "../../../../../src/devices/virtio/transport/registers.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { MIB } from "../../../../../src/memory/regions.ts";
import { FakeDriver } from "../../../../support/virtio/driver.ts";
import type { Buffer, UsedElement } from "../../../../support/virtio/driver-queue.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { RUNNING, SHARED } from "../support.ts";

/** Both engines, by name. */
export const ENGINES: readonly (readonly [string, Drive])[] = [
  ["io_uring", { io_engine: "Async" }],
  ["preadv", { io_engine: "Sync" }],
];

export type Drive = Omit<NonNullable<VmConfigInput["drives"]>[number], "drive_id" | "path_on_host">;

export const RAM = 16 * MIB;
export const SECTOR = 512;
/** Where a request's header, status and data are, unless a test puts them elsewhere. */
export const HEADER = 0x10_0000;
export const STATUS = 0x11_0000;
export const DATA = 0x20_0000;
const RINGS = 0x1_0000;
const NEIGHBOUR_RINGS = 0x8_0000;
const NOTHING_YET = 0xee;

/** The files of a test's disks. */
export class Folder implements Disposable {
  readonly path: string;

  constructor(parent = tmpdir()) {
    this.path = mkdtempSync(join(parent, "volt-disk-"));
  }

  file(name: string, contents: Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, contents);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Bytes that no other sector has. */
export function pattern(sectors: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(sectors * SECTOR);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7 + (i >> 9) * 13 + seed) & 0xff;
  return bytes;
}

/** What the configuration says of a disk, with every default filled in. */
export function driveOf(path: string, drive: Drive = {}): DriveConfig {
  return configOf([path, drive]).drives[0]!;
}

/** A disk's file, and what else is said of it. */
type Disk = readonly [path: string, drive?: Drive];

function configOf(...disks: readonly Disk[]): VmConfig {
  const drives = disks.map(([path_on_host, drive], i) => ({ drive_id: `disk${i}`, path_on_host, ...drive }));
  return parseConfig({ drives }, "");
}

/** The device that `volt run --disk` makes, from stage one to stage two. */
export function openDevice(path: string, drive: Drive = {}): BlkDevice {
  return openDevices([path, drive])[0]!;
}

/** Those of one VM. */
export function openDevices(...disks: readonly Disk[]): BlkDevice[] {
  const config = configOf(...disks);
  return blk.create(config, blk.open!(config), SHARED) as BlkDevice[];
}

/** What a device is woken by besides its requests: nobody but the machine closes that, at its end. */
export function closeSources({ sources }: BlkDevice): void {
  for (const { fd } of sources.slice(1)) new Fd(fd, "a source").close();
}

/** A disk with a driver. */
export class DiskRig implements Disposable {
  readonly device: BlkDevice;
  readonly rig: VirtioRig<BlkDevice>;
  readonly driver: FakeDriver;
  readonly memory: GuestMemory;

  constructor(device: BlkDevice, memory: GuestMemory, rings: number) {
    this.memory = memory;
    this.device = device;
    this.rig = new VirtioRig(this.device, memory);
    this.driver = new FakeDriver(this.rig, rings);
  }

  get queue() {
    return this.driver.queue;
  }

  get disk() {
    return this.device.disk;
  }

  /** Writes a header. @returns where it is, as a buffer */
  header(type: number, sector: number | bigint = 0, at = HEADER): Buffer {
    const view = this.view(at, 16);
    view.setUint32(0, type, true);
    view.setUint32(4, 0, true);
    view.setBigUint64(8, BigInt(sector), true);
    return { address: at, length: 16 };
  }

  /** Writes a segment of a discard or write-zeroes. */
  segment(sector: number | bigint, sectors: number, flags = 0, at = DATA): Buffer {
    const view = this.view(at, 16);
    view.setBigUint64(0, BigInt(sector), true);
    view.setUint32(8, sectors, true);
    view.setUint32(12, flags, true);
    return { address: at, length: 16 };
  }

  /** A status byte that nobody has written yet. */
  status(at = STATUS): Buffer {
    this.view(at, 1).setUint8(0, NOTHING_YET);
    return { address: at, length: 1, writable: true };
  }

  /** One chain, one kick, until it is done. */
  send(...buffers: readonly Buffer[]): UsedElement[] {
    this.queue.add(...buffers);
    this.queue.kick();
    this.rig.finish();
    return this.queue.takeUsed();
  }

  /** A whole request. @returns its status byte, or undefined if none was written */
  request(type: number, sector: number | bigint, ...data: readonly Buffer[]): number | undefined {
    this.send(this.header(type, sector), ...data, this.status());
    return this.statusByte();
  }

  /** Reads whole sectors into `DATA`. @throws Error with the status when that fails */
  read(sector: number, sectors: number): Uint8Array {
    const length = sectors * SECTOR;
    const status = this.request(RequestType.IN, sector, { address: DATA, length, writable: true });
    if (status !== RequestStatus.OK) throw new Error(`read: status ${status}`);
    return this.bytes(DATA, length).slice();
  }

  /** Writes whole sectors from `DATA`. @returns the status */
  write(sector: number, bytes: Uint8Array): number | undefined {
    this.bytes(DATA, bytes.length).set(bytes);
    return this.request(RequestType.OUT, sector, { address: DATA, length: bytes.length });
  }

  flush(): number | undefined {
    return this.request(RequestType.FLUSH, 0);
  }

  statusByte(at = STATUS): number | undefined {
    const byte = this.view(at, 1).getUint8(0);
    return byte === NOTHING_YET ? undefined : byte;
  }

  bytes(at: number, length: number): Uint8Array {
    return this.memory.view(at, length)!;
  }

  view(at: number, length: number): DataView {
    const bytes = this.bytes(at, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  [Symbol.dispose](): void {
    this.device[Symbol.dispose]();
    closeSources(this.device);
  }
}

/** What the neighbour's disk holds, and so must every time it is looked at. */
const NEIGHBOURS = pattern(8, 99);

/** The disk under test is the whole of it; its neighbour is inside. */
export class DiskGuest extends DiskRig {
  readonly folder: Folder;
  readonly path: string;
  readonly #neighbour: DiskRig;

  /** @param contents of the file, or how many patterned sectors @param parent the folder of its folder */
  constructor(contents: Uint8Array | number = 64, drive: Drive = {}, start = true, parent?: string) {
    const folder = new Folder(parent);
    const path = folder.file("disk.img", typeof contents === "number" ? pattern(contents) : contents);
    const memory = GuestMemory.create(RAM);
    super(openDevice(path, drive), memory, RINGS);
    this.folder = folder;
    this.path = path;
    const other = folder.file("neighbour.img", NEIGHBOURS);
    this.#neighbour = new DiskRig(openDevice(other, { io_engine: drive.io_engine }), memory, NEIGHBOUR_RINGS);
    this.#neighbour.driver.start();
    this.#neighbour.rig.turn();
    if (start) this.start();
  }

  start(...options: Parameters<FakeDriver["start"]>): void {
    this.driver.start(...options);
    this.rig.turn();
  }

  /** What the file holds. */
  get contents(): Uint8Array {
    return new Uint8Array(readFileSync(this.path));
  }

  /** The disk goes on without a reset: what is written comes back. */
  expectWorking(): void {
    expect(this.driver.status).toBe(RUNNING);
    expectService(this);
  }

  expectNeedsReset(): void {
    expect(this.driver.status).toBe(RUNNING | Status.DEVICE_NEEDS_RESET);
    expect(this.driver.takeInterrupt() & 2).toBe(2);
  }

  /** After a reset all is as if nothing had been, and the neighbour has gone on throughout. */
  expectRecovery(): void {
    this.driver.reset();
    this.rig.finish();
    expect(this.driver.status).toBe(0);
    this.start();
    this.expectWorking();
    this.expectNeighbour();
  }

  /** The other disk goes on as if nothing had been. */
  expectNeighbour(): void {
    expect(this.#neighbour.rig.reports).toEqual([]);
    expect(this.#neighbour.driver.status).toBe(RUNNING);
    expect(this.#neighbour.read(0, 8)).toEqual(NEIGHBOURS);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#neighbour[Symbol.dispose]();
    this.memory[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

/** A read of a sector is answered with one interrupt, and with what is in the file. */
function expectService(guest: DiskGuest): void {
  guest.queue.takeUsed();
  guest.driver.takeInterrupt();
  expect(guest.read(0, 1)).toEqual(guest.contents.slice(0, SECTOR));
  expect(guest.driver.takeInterrupt()).toBe(1);
}

/** Of the disk that hostile requests go to, in sectors. */
export const CAPACITY = 64;

/** The disk's file is as it was, and the disk goes on with and without a reset. */
export function expectUnharmed(guest: DiskGuest): void {
  expect(guest.contents).toEqual(pattern(CAPACITY));
  guest.expectWorking();
  guest.expectRecovery();
}

export const readable = (address: number, length: number) => ({ address, length });
export const writable = (address: number, length: number) => ({ address, length, writable: true });
