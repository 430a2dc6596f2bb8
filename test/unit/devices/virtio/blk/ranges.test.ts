/** Discard and write-zeroes, also where the filesystem has no such thing. */
import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { RequestStatus, RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { DiskGuest, ENGINES, pattern, SECTOR } from "./support.ts";

const { OK, UNSUPP } = RequestStatus;
const { DISCARD, WRITE_ZEROES } = RequestType;
const UNMAP = 1;
const SECTORS = 2048;
/** Bytes that the file takes of its filesystem. */
const allocated = (path: string) => statSync(path).blocks * 512;

describe.each(ENGINES)("on %s", (_, engine) => {
  test("a discard gives the space back to the host, and the file stays as long", () => {
    using guest = new DiskGuest(SECTORS, engine);
    const before = allocated(guest.path);
    expect(guest.request(DISCARD, 0, guest.segment(8, 1024))).toBe(OK);
    expect(allocated(guest.path)).toBeLessThanOrEqual(before - 1000 * SECTOR);
    expect(guest.contents).toEqual(pattern(SECTORS).fill(0, 8 * SECTOR, 1032 * SECTOR));
    expect(guest.device.counters.discards).toBe(1);
    guest.expectRecovery();
  });

  test("write-zeroes zeroes what it was told to, and keeps the space unless it may give it back", () => {
    using guest = new DiskGuest(SECTORS, engine);
    const before = allocated(guest.path);
    expect(guest.request(WRITE_ZEROES, 0, guest.segment(8, 1024))).toBe(OK);
    expect(allocated(guest.path)).toBeGreaterThanOrEqual(before);
    expect(guest.request(WRITE_ZEROES, 0, guest.segment(1032, 512, UNMAP))).toBe(OK);
    expect(allocated(guest.path)).toBeLessThan(before);
    expect(guest.contents).toEqual(pattern(SECTORS).fill(0, 8 * SECTOR, 1544 * SECTOR));
    expect(guest.device.counters.writeZeroes).toBe(2);
    guest.expectRecovery();
  });

  test("zeroes a part of a block", () => {
    using guest = new DiskGuest(64, engine);
    expect(guest.request(WRITE_ZEROES, 0, guest.segment(3, 2))).toBe(OK);
    expect(guest.request(WRITE_ZEROES, 0, guest.segment(11, 7, UNMAP))).toBe(OK);
    const expected = pattern(64)
      .fill(0, 3 * SECTOR, 5 * SECTOR)
      .fill(0, 11 * SECTOR, 18 * SECTOR);
    expect(guest.contents).toEqual(expected);
    guest.expectRecovery();
  });

  test("a filesystem that makes neither holes nor zeros: zeros are written, discards are not supported", () => {
    using guest = new DiskGuest(8192, engine);
    guest.disk.canPunch = false;
    guest.disk.canZero = false;
    const before = allocated(guest.path);
    // More than is written at once.
    expect(guest.request(WRITE_ZEROES, 0, guest.segment(1, 5000, UNMAP))).toBe(OK);
    expect(guest.contents).toEqual(pattern(8192).fill(0, SECTOR, 5001 * SECTOR));
    expect(allocated(guest.path)).toBe(before);
    expect(guest.request(DISCARD, 0, guest.segment(6000, 8))).toBe(UNSUPP);
    expect(guest.device.counters.unsupported).toBe(1);
    guest.expectRecovery();
  });
});

/** tmpfs makes holes, but zeroes no ranges. */
const TMPFS = "/dev/shm";
test.skipIf(!existsSync(TMPFS))("on tmpfs write-zeroes falls back to what there is", () => {
  using guest = new DiskGuest(SECTORS, {}, true, TMPFS);
  expect(guest.request(WRITE_ZEROES, 0, guest.segment(8, 1024))).toBe(OK);
  expect(guest.request(WRITE_ZEROES, 0, guest.segment(8, 8))).toBe(OK);
  expect(guest.request(DISCARD, 0, guest.segment(1032, 512))).toBe(OK);
  expect(guest.contents).toEqual(pattern(SECTORS).fill(0, 8 * SECTOR, 1544 * SECTOR));
  expect(guest.disk).toMatchObject({ canPunch: true, canZero: false });
  guest.expectRecovery();
});
