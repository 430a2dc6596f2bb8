/** What goes wrong on the host's side, and what a reset finds under way. */
import { describe, expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { RequestStatus, RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { SLOTS } from "../../../../../src/devices/virtio/blk/memory.ts";
import { DATA, DiskGuest, ENGINES, pattern, SECTOR, STATUS } from "./support.ts";

const { OK, IOERR } = RequestStatus;
const { IN, OUT } = RequestType;
const MIB = 2 ** 20;
/** 8 MiB, and a byte, that no other request of a test uses. */
const ELSEWHERE = 0x40_0000;
const OTHER_STATUS = STATUS + 0x100;

describe.each(ENGINES)("on %s", (_, engine) => {
  test("a file that was cut short: reads behind its end fail, the rest goes on", () => {
    using guest = new DiskGuest(64, engine);
    truncateSync(guest.path, 8 * SECTOR + 100);
    expect(guest.read(0, 8)).toEqual(pattern(8));
    expect(guest.request(IN, 32, { address: DATA, length: 512, writable: true })).toBe(IOERR);
    // Half there is not there.
    expect(guest.request(IN, 7, { address: DATA, length: 1024, writable: true })).toBe(IOERR);
    expect(guest.device.counters.errors).toBe(2);
    expect(guest.rig.reports).toEqual([
      `disk0: ${guest.path} is shorter than it was: the guest gets an I/O error for what is gone`,
    ]);
    guest.expectWorking();
    guest.expectRecovery();
  });

  test("a reset with requests under way waits for them, and what they find out touches no ring", () => {
    using guest = new DiskGuest(new Uint8Array(8 * MIB), engine);
    // 1 MiB each: not done within the kick.
    for (let i = 0; i < 16; i++) {
      guest.queue.add(
        guest.header(IN, i * 128),
        { address: DATA, length: MIB, writable: true },
        guest.status(STATUS + i),
      );
    }
    guest.queue.kick();
    guest.rig.kicks[0]!.take();
    guest.rig.backend.kick(0);
    guest.driver.reset();
    guest.rig.finish();
    expect(guest.driver.status).toBe(0);
    expect(guest.device.isBusy).toBe(false);
    guest.expectRecovery();
  });

  test("ten resets in a row, each with requests under way", () => {
    using guest = new DiskGuest(new Uint8Array(2 * MIB), engine);
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 4; i++) {
        guest.queue.add(guest.header(OUT), { address: DATA, length: MIB }, guest.status());
      }
      guest.queue.kick();
      guest.rig.backend.kick(0);
      guest.driver.reset();
      guest.rig.finish();
      guest.start();
    }
    guest.expectRecovery();
  });

  test("a broken ring with requests under way: they end, and a reset brings the disk back", () => {
    using guest = new DiskGuest(new Uint8Array(2 * MIB), engine);
    guest.queue.add(guest.header(IN), { address: DATA, length: 2 * MIB, writable: true }, guest.status());
    guest.queue.availIdx = guest.queue.availIdx + 1000;
    guest.queue.kick();
    guest.rig.finish();
    guest.expectNeedsReset();
    guest.expectRecovery();
  });

  test("more requests than there is room for wait their turn: none is lost", () => {
    using guest = new DiskGuest(64, { ...engine, num_queues: 4 });
    const { queues } = guest.driver;
    for (const queue of queues) {
      for (let i = 0; i < 80; i++) {
        const data = { address: DATA + i * SECTOR, length: 512, writable: true };
        queue.add(guest.header(IN, i % 64, 0x12_0000 + i * 16), data, guest.status(STATUS + i));
      }
    }
    for (const queue of queues) queue.kick();
    guest.rig.finish();
    for (const queue of queues) {
      expect(
        queue
          .takeUsed()
          .map(({ id }) => id)
          .toSorted((a, b) => a - b),
      ).toEqual(Array.from({ length: 80 }, (_, i) => 3 * i));
    }
    expect(guest.device.counters.reads).toBe(320);
    expect(320).toBeGreaterThan(SLOTS);
    guest.expectRecovery();
  });
});

test("a queue that finds no room is served when there is some again", () => {
  using guest = new DiskGuest(new Uint8Array(MIB), { io_engine: "Async", num_queues: 2 });
  const { queues } = guest.driver;
  // Big ones, which the kernel's workers do: they stay under way while the second queue is kicked.
  for (const queue of queues) {
    for (let i = 0; i < 80; i++) {
      queue.add(guest.header(IN), { address: DATA, length: MIB, writable: true }, guest.status());
    }
    queue.kick();
  }
  guest.rig.finish();
  expect(queues.map((queue) => queue.takeUsed().length)).toEqual([80, 80]);
  guest.expectRecovery();
});

test("what one disk has under way does not keep the other waiting", () => {
  // The neighbour's own buffers are none of those that are still being written.
  using guest = new DiskGuest(new Uint8Array(8 * MIB), { io_engine: "Async" });
  for (let i = 0; i < 64; i++) {
    guest.queue.add(
      guest.header(IN),
      { address: ELSEWHERE, length: 8 * MIB, writable: true },
      guest.status(OTHER_STATUS),
    );
  }
  guest.queue.kick();
  guest.rig.backend.kick(0);
  expect(guest.device.isBusy).toBe(true);
  guest.expectNeighbour();
  guest.rig.finish();
  expect(guest.queue.takeUsed()).toHaveLength(64);
  guest.expectRecovery();
});

test("writes count only once they are on the disk, for a driver that knows no flushes", () => {
  using guest = new DiskGuest(64, {}, false);
  guest.start({ features: ~(1n << 9n) });
  expect(guest.write(0, pattern(1, 5))).toBe(OK);
  expect(guest.contents.subarray(0, SECTOR)).toEqual(pattern(1, 5));
  guest.expectRecovery();
});
