/** What a hostile driver tries with a disk. Each ends with a reset, after which the disk works and its neighbour never noticed. */
import { describe, expect, test } from "bun:test";
import { RequestStatus, RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import {
  CAPACITY,
  DATA,
  DiskGuest,
  type Drive,
  expectUnharmed,
  HEADER,
  pattern,
  RAM,
  readable,
  SECTOR,
  STATUS,
  writable,
} from "./support.ts";

const { OK, IOERR, UNSUPP } = RequestStatus;
const { IN, OUT, FLUSH, GET_ID } = RequestType;

describe("a header", () => {
  test("the device may write, not read, is none", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.header(IN);
    expect(guest.send(writable(HEADER, 16), writable(DATA, 512), guest.status())).toEqual([{ id: 0, length: 0 }]);
    expect(guest.statusByte()).toBe(IOERR);
    expectUnharmed(guest);
  });

  test.each([0, 1, 15])("of %d bytes is none", (length) => {
    using guest = new DiskGuest(CAPACITY);
    guest.header(FLUSH);
    guest.send(readable(HEADER, length), guest.status());
    expect(guest.statusByte()).toBe(IOERR);
    expectUnharmed(guest);
  });

  test("split over several descriptors is read as one", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.header(IN, 5);
    const parts = [readable(HEADER, 1), readable(HEADER + 1, 0), readable(HEADER + 1, 8), readable(HEADER + 9, 7)];
    guest.send(...parts, writable(DATA, 512), guest.status());
    expect(guest.statusByte()).toBe(OK);
    expect(guest.bytes(DATA, 512)).toEqual(pattern(CAPACITY).subarray(5 * SECTOR, 6 * SECTOR));
    expectUnharmed(guest);
  });

  test("may share a descriptor with data to write", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.header(OUT, 3, DATA - 16);
    guest.bytes(DATA, 512).fill(0x5a);
    guest.send(readable(DATA - 16, 16 + 512), guest.status());
    expect(guest.statusByte()).toBe(OK);
    expect(guest.contents.subarray(3 * SECTOR, 4 * SECTOR).every((byte) => byte === 0x5a)).toBe(true);
    guest.expectRecovery();
  });

  test.each([2, 3, 5, 9, 12, 14, 0x8000_0001, 0xffff_ffff])("of type %d asks for what no disk here does", (type) => {
    using guest = new DiskGuest(CAPACITY);
    expect(guest.request(type, 0, writable(DATA, 512))).toBe(UNSUPP);
    expectUnharmed(guest);
  });

  test("that lies in an MMIO window never gets as far as the disk", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.status();
    expect(guest.send(readable(0xc000_1000, 16), writable(STATUS, 1))).toEqual([{ id: 0, length: 0 }]);
    expect(guest.statusByte()).toBeUndefined();
    expectUnharmed(guest);
  });
});

describe("a status", () => {
  test("that is missing: the head comes back, with nothing done", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.bytes(DATA, 512).fill(0);
    expect(guest.send(guest.header(OUT), readable(DATA, 512))).toEqual([{ id: 0, length: 0 }]);
    expectUnharmed(guest);
  });

  test("the device can't write: the head comes back, with nothing done", () => {
    using guest = new DiskGuest(CAPACITY);
    const status = guest.status();
    expect(guest.send(guest.header(OUT), readable(DATA, 512), { ...status, writable: false })).toEqual([
      { id: 0, length: 0 },
    ]);
    expect(guest.statusByte()).toBeUndefined();
    expectUnharmed(guest);
  });

  test("of several bytes is their last", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.bytes(STATUS, 8).fill(0xee);
    guest.send(guest.header(FLUSH), writable(STATUS, 8));
    expect([...guest.bytes(STATUS, 8)]).toEqual([0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, OK]);
    expectUnharmed(guest);
  });

  test("at the very end of RAM is written, one byte beyond is no buffer", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.send(guest.header(IN), writable(DATA, 512), guest.status(RAM - 1));
    expect(guest.statusByte(RAM - 1)).toBe(OK);
    expect(guest.send(guest.header(IN), writable(DATA, 512), writable(RAM, 1))).toEqual([{ id: 3, length: 0 }]);
    expectUnharmed(guest);
  });
});

describe("data", () => {
  test.each([1, 511, 513, 1023])("of %d bytes is no number of sectors", (length) => {
    using guest = new DiskGuest(CAPACITY);
    guest.bytes(DATA, 1024).fill(0);
    expect(guest.request(IN, 0, writable(DATA, length))).toBe(IOERR);
    expect(guest.request(OUT, 0, readable(DATA, length))).toBe(IOERR);
    expect(guest.bytes(DATA, 1024).every((byte) => byte === 0)).toBe(true);
    expectUnharmed(guest);
  });

  test("of no byte is nothing to do", () => {
    using guest = new DiskGuest(CAPACITY);
    expect(guest.request(IN, 0)).toBe(OK);
    expect(guest.request(OUT, CAPACITY)).toBe(OK);
    expect(guest.request(IN, CAPACITY + 1)).toBe(IOERR);
    expectUnharmed(guest);
  });

  test("cut into pieces of any size is one stretch", () => {
    using guest = new DiskGuest(CAPACITY);
    const sizes = [1, 511, 512, 3, 509, 1000, 24];
    let at = DATA;
    const parts = sizes.map((length) => {
      const part = writable(at, length);
      at += length + 5;
      return part;
    });
    expect(guest.request(IN, 7, ...parts)).toBe(OK);
    const got = Buffer.concat(parts.map(({ address, length }) => guest.bytes(address, length)));
    expect(got.equals(pattern(CAPACITY).subarray(7 * SECTOR, 12 * SECTOR))).toBe(true);
    expectUnharmed(guest);
  });

  test("may end in the descriptor that has the status", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.send(guest.header(IN, 1), writable(DATA, 513));
    expect(guest.bytes(DATA, 512)).toEqual(pattern(CAPACITY).subarray(SECTOR, 2 * SECTOR));
    expect(guest.statusByte(DATA + 512)).toBe(OK);
    expectUnharmed(guest);
  });

  test("in as many descriptors as a queue has", () => {
    using guest = new DiskGuest(256);
    const parts = Array.from({ length: 254 }, (_, i) => writable(DATA + i * 1024, 512));
    expect(guest.request(IN, 1, ...parts)).toBe(OK);
    for (const i of [0, 1, 253]) {
      const sector = guest.bytes(DATA + i * 1024, 512);
      expect(sector).toEqual(pattern(256).subarray((i + 1) * SECTOR, (i + 2) * SECTOR));
    }
    guest.expectRecovery();
  });

  test("that is 254 times the same memory, 4 GiB together, is past any capacity: nothing is read", () => {
    using guest = new DiskGuest(CAPACITY);
    const parts = new Array(254).fill(writable(DATA, 12 * 2 ** 20));
    expect(guest.request(IN, 0, ...parts)).toBe(IOERR);
    expectUnharmed(guest);
  });

  test("over the header and the rings harms only the guest itself", () => {
    using guest = new DiskGuest(CAPACITY);
    expect(guest.send(guest.header(IN), writable(HEADER, 512), guest.status())).toEqual([{ id: 0, length: 513 }]);
    expect(guest.statusByte()).toBe(OK);
    // A whole disk over the queue's own rings: whatever the device makes of that, a reset mends it.
    guest.queue.add(guest.header(IN), writable(0x1_0000, CAPACITY * SECTOR), guest.status());
    guest.queue.kick();
    guest.rig.finish();
    expect(guest.contents).toEqual(pattern(CAPACITY));
    guest.expectRecovery();
  });
});

describe("an id", () => {
  test("is 20 bytes, padded with zeros", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.bytes(DATA, 32).fill(0xff);
    expect(guest.send(guest.header(GET_ID), writable(DATA, 20), guest.status())).toEqual([{ id: 0, length: 21 }]);
    expect(guest.statusByte()).toBe(OK);
    expect(Buffer.from(guest.bytes(DATA, 21)).toString("latin1")).toBe(`disk0${"\0".repeat(15)}\xff`);
    expectUnharmed(guest);
  });

  test("of a disk with a long one is cut, not run over its end", () => {
    using guest = new DiskGuest(CAPACITY, { drive_id: "a".repeat(64) } as Drive);
    expect(guest.request(GET_ID, 0, writable(DATA, 20))).toBe(OK);
    expect(Buffer.from(guest.bytes(DATA, 21)).toString("latin1")).toBe(`${"a".repeat(20)}\0`);
    expectUnharmed(guest);
  });

  test.each([0, 1, 19])("does not go into %d bytes", (length) => {
    using guest = new DiskGuest(CAPACITY);
    guest.bytes(DATA, 32).fill(0xff);
    expect(guest.request(GET_ID, 0, writable(DATA, length))).toBe(IOERR);
    expect(guest.bytes(DATA, 32).every((byte) => byte === 0xff)).toBe(true);
    expectUnharmed(guest);
  });

  test("is the first 20 of more bytes", () => {
    using guest = new DiskGuest(CAPACITY);
    guest.bytes(DATA, 32).fill(0xff);
    expect(guest.send(guest.header(GET_ID), writable(DATA, 32), guest.status())).toEqual([{ id: 0, length: 20 }]);
    expect(
      guest
        .bytes(DATA, 32)
        .subarray(20)
        .every((byte) => byte === 0xff),
    ).toBe(true);
    expectUnharmed(guest);
  });
});
