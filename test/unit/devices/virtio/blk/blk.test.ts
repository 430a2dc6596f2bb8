import { describe, expect, test } from "bun:test";
import { RequestStatus, RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { DATA, DiskGuest, ENGINES, pattern, SECTOR } from "./support.ts";

const { OK, IOERR } = RequestStatus;

describe.each(ENGINES)("a disk on %s", (_, engine) => {
  test("reads what the file holds", () => {
    using guest = new DiskGuest(64, engine);
    expect(guest.read(0, 64)).toEqual(guest.contents);
    expect(guest.read(63, 1)).toEqual(guest.contents.slice(-SECTOR));
  });

  test("writes to the file, there and nowhere else", () => {
    using guest = new DiskGuest(64, engine);
    const before = guest.contents;
    const bytes = pattern(3, 77);
    expect(guest.write(10, bytes)).toBe(OK);
    before.set(bytes, 10 * SECTOR);
    expect(guest.contents).toEqual(before);
    expect(guest.flush()).toBe(OK);
  });

  test("tells of data and status on the used ring", () => {
    using guest = new DiskGuest(64, engine);
    const data = { address: DATA, length: 1024, writable: true };
    expect(guest.send(guest.header(RequestType.IN), data, guest.status())).toEqual([{ id: 0, length: 1025 }]);
    expect(guest.send(guest.header(RequestType.OUT), { address: DATA, length: 512 }, guest.status())).toEqual([
      { id: 3, length: 1 },
    ]);
  });

  test("writes past the end are refused", () => {
    using guest = new DiskGuest(64, engine);
    expect(guest.write(64, pattern(1))).toBe(IOERR);
    expect(guest.contents).toEqual(pattern(64));
    guest.expectRecovery();
  });
});
