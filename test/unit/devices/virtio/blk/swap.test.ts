/** Another file behind a disk, while its guest runs. */
import { describe, expect, test } from "bun:test";
import { readFileSync, renameSync } from "node:fs";
import type { BlkDevice } from "../../../../../src/devices/virtio/blk/device.ts";
import { RequestStatus, RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { openDescriptors, openedSince } from "../../../../support/resources.ts";
import {
  closeSources,
  DATA,
  DiskGuest,
  ENGINES,
  Folder,
  openDevice,
  openDevices,
  pattern,
  SECTOR,
  STATUS,
} from "./support.ts";

const { OK, IOERR } = RequestStatus;
const { IN, OUT } = RequestType;
const MIB = 2 ** 20;
const CAPACITY = 0x100;
const CONFIG_CHANGED = 2;

/** @returns what came of it: "later", "done", or the problem */
function replace(guest: Pick<DiskGuest, "device">, path: string): { outcome: string } {
  const result = { outcome: "later" };
  try {
    guest.device.replaceFile(path, (problem) => {
      result.outcome = problem ?? "done";
    });
  } catch (error) {
    result.outcome = (error as Error).message;
  }
  return result;
}

describe.each(ENGINES)("on %s", (_, engine) => {
  test("a disk has another file, and the driver is told of its size", () => {
    using guest = new DiskGuest(64, engine);
    const path = guest.folder.file("other", pattern(8, 55));
    guest.driver.takeInterrupt();
    expect(replace(guest, path).outcome).toBe("done");
    expect(guest.driver.takeInterrupt()).toBe(CONFIG_CHANGED);
    expect(guest.driver.read(CAPACITY)).toBe(8);
    expect(guest.read(0, 8)).toEqual(pattern(8, 55));
    expect(guest.write(3, pattern(1, 9))).toBe(OK);
    expect(guest.flush()).toBe(OK);
    expect([...readFileSync(path).subarray(3 * SECTOR, 4 * SECTOR)]).toEqual([...pattern(1, 9)]);
    expect(guest.contents).toEqual(pattern(64));
    expect(guest.request(IN, 8, { address: DATA, length: SECTOR, writable: true })).toBe(IOERR);
    guest.expectNeighbour();
  });

  test("what was under way is done in the old file, what comes meanwhile in the new one", () => {
    using guest = new DiskGuest(new Uint8Array(8 * MIB), engine);
    const path = guest.folder.file("other", new Uint8Array(8 * MIB));
    const write = (i: number) =>
      guest.queue.add(
        guest.header(OUT, 0, 0x12_0000 + i * 16),
        { address: DATA, length: 8 * MIB },
        guest.status(STATUS + i),
      );
    guest.bytes(DATA, 8 * MIB).fill(0xab);
    for (let i = 0; i < 4; i++) write(i);
    guest.queue.kick();
    guest.rig.kicks[0]!.take();
    guest.rig.backend.kick(0);
    expect(guest.device.isBusy).toBe(true);
    const swap = replace(guest, path);
    expect(swap.outcome).toBe("later");
    expect(replace(guest, guest.path).outcome).toBe("a file is on its way to this disk already: wait for its answer");
    for (let i = 4; i < 6; i++) write(i);
    guest.queue.kick();
    guest.rig.finish();
    guest.rig.turn();
    expect(swap.outcome).toBe("done");
    guest.rig.finish();
    expect(guest.queue.takeUsed()).toHaveLength(6);
    expect(guest.device.counters).toMatchObject({ writes: 6, errors: 0 });
    for (const file of [guest.path, path]) expect(readFileSync(file).every((byte) => byte === 0xab)).toBe(true);
    // The old file has what four wrote, the new one what two did.
    guest.bytes(DATA, SECTOR).fill(0xcd);
    expect(guest.request(OUT, 0, { address: DATA, length: SECTOR })).toBe(OK);
    expect([guest.path, path].map((file) => readFileSync(file)[0])).toEqual([0xab, 0xcd]);
  });

  test("a reset while it waits changes nothing of that", () => {
    using guest = new DiskGuest(new Uint8Array(8 * MIB), engine);
    guest.queue.add(guest.header(OUT), { address: DATA, length: 8 * MIB }, guest.status());
    guest.queue.kick();
    guest.rig.kicks[0]!.take();
    guest.rig.backend.kick(0);
    const swap = replace(guest, guest.folder.file("other", pattern(8, 3)));
    guest.driver.reset();
    guest.rig.finish();
    expect(swap.outcome).toBe("done");
    guest.start();
    expect(guest.read(0, 8)).toEqual(pattern(8, 3));
  });

  test("an empty file, and the first one again", () => {
    using guest = new DiskGuest(64, engine);
    const empty = guest.folder.file("empty", new Uint8Array(0));
    expect(replace(guest, empty).outcome).toBe("done");
    expect(guest.driver.read(CAPACITY)).toBe(0);
    expect(guest.request(IN, 0, { address: DATA, length: SECTOR, writable: true })).toBe(IOERR);
    expect(replace(guest, guest.path).outcome).toBe("done");
    expect(guest.driver.read(CAPACITY)).toBe(64);
    guest.expectRecovery();
  });

  test("leaves no descriptor behind, and the old file to others", () => {
    using guest = new DiskGuest(64, engine);
    const paths = ["a", "b"].map((name) => guest.folder.file(name, pattern(8)));
    const before = openDescriptors();
    for (let round = 0; round < 20; round++)
      for (const path of paths) expect(replace(guest, path).outcome).toBe("done");
    expect(openedSince(before)).toEqual([expect.stringContaining("/b")]);
    using other = openDevice(guest.path);
    expect(other.name).toBe("disk0");
    expect(replace(guest, guest.path).outcome).toContain("is in use by another VM");
    guest.rig.finish();
    expect(guest.read(0, 8)).toEqual(pattern(8));
  });
});

test("the size of the new file is looked after, that of the old one no more", () => {
  using guest = new DiskGuest(64);
  const path = guest.folder.file("other", pattern(8));
  replace(guest, path);
  guest.driver.takeInterrupt();
  Bun.spawnSync(["truncate", "-s", String(16 * SECTOR), path]);
  guest.rig.finish();
  expect(guest.driver.takeInterrupt()).toBe(CONFIG_CHANGED);
  expect(guest.driver.read(CAPACITY)).toBe(16);
  Bun.spawnSync(["truncate", "-s", String(16 * SECTOR), guest.path]);
  expect(guest.rig.turn()).toBe(0);
});

test("the same file again is looked at anew, also by another name", () => {
  using guest = new DiskGuest(64);
  renameSync(guest.path, `${guest.path}-2`);
  Bun.spawnSync(["perl", "-e", `truncate "${guest.path}-2", ${32 * SECTOR}`]);
  const before = openDescriptors();
  expect(replace(guest, `${guest.path}-2`).outcome).toBe("done");
  expect(openedSince(before)).toEqual([]);
  expect(guest.driver.read(CAPACITY)).toBe(32);
});

test("read-only stays read-only", () => {
  using guest = new DiskGuest(64, { is_read_only: true });
  const path = guest.folder.file("other", pattern(8, 4));
  Bun.spawnSync(["chmod", "0444", path]);
  expect(replace(guest, path).outcome).toBe("done");
  expect(guest.write(0, pattern(1))).toBe(IOERR);
  expect(guest.read(0, 8)).toEqual(pattern(8, 4));
});

describe("a file that another disk of the same VM has", () => {
  const mend = "give each its own file, or make both read-only (ro)";

  test("is refused where one of the two writes, as at the start, and said to be that disk's", () => {
    using folder = new Folder();
    const [a, b] = ["a", "b"].map((name) => folder.file(name, pattern(1))) as [string, string];
    const [one, two] = openDevices([a, {}], [b, { is_read_only: true }]) as [BlkDevice, BlkDevice];
    const before = openDescriptors();
    expect(replace({ device: two }, a).outcome).toBe(`${a} is this VM's disk disk0 already: ${mend}`);
    expect(replace({ device: one }, b).outcome).toBe(`${b} is this VM's disk disk1 already: ${mend}`);
    expect(openedSince(before)).toEqual([]);
    for (const device of [one, two]) device[Symbol.dispose]();
    closeSources(one);
  });

  test("is theirs together where both only read", () => {
    using folder = new Folder();
    const [a, b] = ["a", "b"].map((name) => folder.file(name, pattern(1))) as [string, string];
    const both = openDevices([a, { is_read_only: true }], [b, { is_read_only: true }]);
    expect(replace({ device: both[1]! }, a).outcome).toBe("done");
    for (const device of both) device[Symbol.dispose]();
    closeSources(both[0]!);
  });

  test("counts from when it is on its way there", () => {
    using guest = new DiskGuest(new Uint8Array(8 * MIB));
    guest.queue.add(guest.header(OUT), { address: DATA, length: 8 * MIB }, guest.status());
    guest.queue.kick();
    guest.rig.kicks[0]!.take();
    guest.rig.backend.kick(0);
    const next = guest.folder.file("next", pattern(8));
    const swap = replace(guest, next);
    expect(guest.device.files.map(({ about }) => about)).toEqual([guest.path, next]);
    guest.rig.finish();
    expect(swap.outcome).toBe("done");
    expect(guest.device.files.map(({ about }) => about)).toEqual([next]);
  });
});

describe("a file that can't be leaves the disk as it is:", () => {
  test.each<[string, (guest: DiskGuest) => string, RegExp]>([
    [
      "none",
      ({ folder }) => `${folder.path}/none`,
      /^the sandbox keeps .*none from volt: start the VM with --allow-path/,
    ],
    ["a directory", ({ folder }) => folder.path, /is a directory: a disk is a file or a block device$/],
    ["a character device", () => "/dev/zero", /is a character: a disk is a file or a block device$/],
    [
      "a FIFO",
      ({ folder }) => {
        Bun.spawnSync(["mkfifo", `${folder.path}/fifo`]);
        return `${folder.path}/fifo`;
      },
      /is a fifo: a disk is a file or a block device$/,
    ],
    ["one below a file", ({ path }) => `${path}/x`, /the sandbox keeps/],
    ["a path that is too long", () => `/${"x".repeat(5000)}`, /ENAMETOOLONG/],
  ])("%s", (_, make, problem) => {
    using guest = new DiskGuest(64);
    const path = make(guest);
    const before = openDescriptors();
    expect(replace(guest, path).outcome).toMatch(problem);
    expect(openedSince(before)).toEqual([]);
    expect(guest.driver.read(CAPACITY)).toBe(64);
    guest.expectRecovery();
  });
});
