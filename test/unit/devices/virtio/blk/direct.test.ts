/** O_DIRECT: around the host's page cache, with buffers it would not take as they are. */
import { describe, expect, test } from "bun:test";
import { RequestStatus, RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { DATA, DiskGuest, ENGINES, pattern, SECTOR } from "./support.ts";

const { OK } = RequestStatus;
const { IN, OUT } = RequestType;
/** More than a bounce buffer holds. */
const SECTORS = 512;

describe.each(ENGINES)("a direct disk on %s", (_, engine) => {
  const direct = { ...engine, direct: true };

  test("reads and writes", () => {
    using guest = new DiskGuest(SECTORS, direct);
    expect(guest.read(0, SECTORS)).toEqual(pattern(SECTORS));
    const bytes = pattern(8, 3);
    expect(guest.write(16, bytes)).toBe(OK);
    expect(guest.flush()).toBe(OK);
    expect(guest.contents.subarray(16 * SECTOR, 24 * SECTOR)).toEqual(bytes);
    guest.expectRecovery();
  });

  test("takes buffers at any address and of any length", () => {
    using guest = new DiskGuest(SECTORS, direct);
    const length = 256 * SECTOR;
    const parts = (writable: boolean) => [
      { address: DATA + 1, length: 100, writable },
      { address: DATA + 101, length: 3, writable },
      { address: DATA + 104, length: length - 103, writable },
    ];
    expect(guest.request(IN, 8, ...parts(true))).toBe(OK);
    expect(guest.bytes(DATA + 1, length)).toEqual(pattern(SECTORS).subarray(8 * SECTOR, 264 * SECTOR));
    guest.bytes(DATA + 1, length).set(pattern(256, 50));
    expect(guest.request(OUT, 128, ...parts(false))).toBe(OK);
    const expected = pattern(SECTORS);
    expected.set(pattern(256, 50), 128 * SECTOR);
    expect(guest.contents).toEqual(expected);
    guest.expectRecovery();
  });
});
