/** Requests for what is not on the disk, or not to be written. */
import { describe, expect, test } from "bun:test";
import { RequestStatus, RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import {
  CAPACITY,
  DATA,
  DiskGuest,
  type Drive,
  expectUnharmed,
  pattern,
  readable,
  SECTOR,
  writable,
} from "./support.ts";

const { OK, IOERR, UNSUPP } = RequestStatus;
const { IN, OUT, DISCARD, WRITE_ZEROES } = RequestType;
const READ_ONLY: Drive = { is_read_only: true };

describe("a position", () => {
  test.each([
    ["the capacity", CAPACITY, 1],
    ["past it", CAPACITY + 1, 1],
    ["the last sector, with one too many", CAPACITY - 1, 2],
    ["2^32", 2 ** 32, 1],
    ["2^53", 2 ** 53, 1],
    ["where sector and length wrap 64 bits", 2n ** 64n - 1n, 2],
    ["where bytes wrap 64 bits", 2n ** 55n, 1],
    ["whose low half alone is within", 2n ** 32n + 1n, 1],
  ])("%s is refused", (_, sector, sectors) => {
    using guest = new DiskGuest(CAPACITY);
    guest.bytes(DATA, 1024).fill(0);
    expect(guest.request(IN, sector, writable(DATA, sectors * SECTOR))).toBe(IOERR);
    expect(guest.request(OUT, sector, readable(DATA, sectors * SECTOR))).toBe(IOERR);
    expect(guest.request(WRITE_ZEROES, 0, guest.segment(sector, sectors))).toBe(IOERR);
    expect(guest.request(DISCARD, 0, guest.segment(sector, sectors))).toBe(IOERR);
    expect(guest.contents).toEqual(pattern(CAPACITY));
    expectUnharmed(guest);
  });

  test("of the last sector is legal", () => {
    using guest = new DiskGuest(CAPACITY);
    expect(guest.read(CAPACITY - 1, 1)).toEqual(pattern(CAPACITY).subarray(-SECTOR));
    expectUnharmed(guest);
  });
});

describe("a read-only disk", () => {
  test("is not written, discarded or zeroed", () => {
    using guest = new DiskGuest(CAPACITY, READ_ONLY);
    expect(guest.write(0, new Uint8Array(SECTOR))).toBe(IOERR);
    expect(guest.request(DISCARD, 0, guest.segment(0, 8))).toBe(IOERR);
    expect(guest.request(WRITE_ZEROES, 0, guest.segment(0, 8, 1))).toBe(IOERR);
    expect(guest.flush()).toBe(OK);
    expectUnharmed(guest);
  });
});

describe("a discard or write-zeroes", () => {
  test.each([
    ["a discard with the flag for holes", DISCARD, 1, UNSUPP],
    ["a discard with an unknown flag", DISCARD, 2, UNSUPP],
    ["a write-zeroes with an unknown flag", WRITE_ZEROES, 2, UNSUPP],
    ["a write-zeroes with every flag", WRITE_ZEROES, 0xffff_ffff, UNSUPP],
  ])("%s is not supported", (_, type, flags, status) => {
    using guest = new DiskGuest(CAPACITY);
    expect(guest.request(type, 0, guest.segment(0, 8, flags))).toBe(status);
    expectUnharmed(guest);
  });

  test.each([0, 1, 15, 17, 31, 32])("whose segment has %d bytes is refused", (length) => {
    using guest = new DiskGuest(CAPACITY);
    guest.segment(0, 8);
    guest.segment(8, 8, 0, DATA + 16);
    for (const type of [DISCARD, WRITE_ZEROES]) expect(guest.request(type, 0, readable(DATA, length))).toBe(IOERR);
    expectUnharmed(guest);
  });

  test("of more sectors than were offered is refused", () => {
    using guest = new DiskGuest(CAPACITY);
    for (const sectors of [2 ** 21 + 1, 2 ** 32 - 1]) {
      expect(guest.request(DISCARD, 0, guest.segment(0, sectors))).toBe(IOERR);
    }
    expectUnharmed(guest);
  });

  test("of no sector does nothing", () => {
    using guest = new DiskGuest(CAPACITY);
    expect(guest.request(DISCARD, 0, guest.segment(0, 0))).toBe(OK);
    expect(guest.request(WRITE_ZEROES, 0, guest.segment(CAPACITY, 0))).toBe(OK);
    expectUnharmed(guest);
  });

  test("whose segment is the device's to write is refused", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.segment(0, 8);
    expect(guest.request(DISCARD, 0, writable(DATA, 16))).toBe(IOERR);
    expectUnharmed(guest);
  });

  test("split over descriptors, and with the header, is read as one", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.header(WRITE_ZEROES, 0, DATA - 16);
    guest.segment(4, 2);
    guest.send(readable(DATA - 16, 21), readable(DATA + 5, 11), guest.status());
    expect(guest.statusByte()).toBe(OK);
    const expected = pattern(CAPACITY).fill(0, 4 * SECTOR, 6 * SECTOR);
    expect(guest.contents).toEqual(expected);
    guest.expectRecovery();
  });
});
