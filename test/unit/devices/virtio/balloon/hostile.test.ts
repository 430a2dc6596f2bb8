/** What a hostile driver tries with a balloon: each leaves it working, or a reset brings it back. */
import { describe, expect, test } from "bun:test";
import { Status } from "../../../../../src/devices/virtio/transport/registers.ts";
import { MIB } from "../../../../../src/memory/regions.ts";
import { RUNNING } from "../support.ts";
import { BalloonGuest, BUFFER, FREE, PAGE, QueueIndex, RAM, statistic } from "./support.ts";

const { inflate, deflate, statistics, hints, reports } = QueueIndex;

describe("page numbers", () => {
  test.each<[string, number[], number]>([
    ["right past RAM", [RAM / PAGE], 1],
    ["of the MMIO hole", [0xc000_1000 / PAGE], 1],
    ["whose address does not fit 32 bits", [0x10_0000 + FREE / PAGE], 1],
    ["2^32 - 1", [0xffff_ffff, 0xffff_fffe], 2],
  ])("%s are counted, nothing is touched, and the request is answered", (_, numbers, errors) => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 1);
    guest.pages(inflate, numbers);
    expect(guest.driver.queues[inflate]!.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    expect(guest.counters).toMatchObject({ errors, bytes: 0, inflatedPages: 0 });
    expect([guest.zeroed(FREE, 1), guest.driver.status]).toEqual([[false], RUNNING]);
    guest.expectRecovery();
  });

  test("around one that is wrong are taken", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 3);
    guest.pages(inflate, [FREE / PAGE, 0xffff_ffff, FREE / PAGE + 2]);
    expect([guest.zeroed(FREE, 3), guest.counters.errors]).toEqual([[true, false, true], 1]);
    guest.expectRecovery();
  });

  test("with bytes left over are taken as far as they are whole", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 1);
    guest.bytes(inflate, Uint8Array.of(...new Uint8Array(Uint32Array.of(FREE / PAGE).buffer), 1, 2, 3));
    expect([guest.zeroed(FREE, 1), guest.counters.errors]).toEqual([[true], 1]);
    guest.expectRecovery();
  });

  test("cut into single bytes are read", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 1);
    guest.memory.write(BUFFER, new Uint8Array(Uint32Array.of(FREE / PAGE).buffer));
    guest.driver.queues[inflate]!.add(...[0, 1, 2, 3].map((i) => ({ address: BUFFER + i, length: 1 })));
    guest.kick(inflate);
    expect(guest.zeroed(FREE, 1)).toEqual([true]);
    guest.expectRecovery();
  });

  test("by the million in one chain are looked at up to 4096", () => {
    using guest = new BalloonGuest();
    guest.fill(BUFFER, 256);
    guest.driver.queues[inflate]!.add(...new Array(256).fill({ address: BUFFER, length: MIB }));
    guest.kick(inflate);
    expect(guest.driver.queues[inflate]!.takeUsed()).toHaveLength(1);
    expect(guest.counters.errors).toBe(2); // the number that was repeated, and that there were too many
    guest.expectRecovery();
  });

  test("where nothing is to be read mean nothing", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 1);
    guest.driver.queues[inflate]!.add({ address: FREE, length: PAGE, writable: true });
    guest.driver.queues[inflate]!.add({ address: FREE, length: 0 });
    guest.kick(inflate);
    expect(guest.driver.queues[inflate]!.takeUsed()).toHaveLength(2);
    expect([guest.zeroed(FREE, 1), guest.counters.bytes]).toEqual([[false], 0]);
    guest.expectRecovery();
  });
});

test("deflating what was never inflated, or is no RAM, changes nothing", () => {
  using guest = new BalloonGuest();
  guest.fill(FREE, 1);
  guest.pages(deflate, [FREE / PAGE, 0xffff_ffff]);
  expect(guest.driver.queues[deflate]!.takeUsed()).toHaveLength(1);
  expect(guest.zeroed(FREE, 1)).toEqual([false]);
  guest.expectRecovery();
});

test("a driver that gives away its own rings has to reset the device, and nobody else notices", () => {
  using guest = new BalloonGuest();
  const rings = guest.driver.base / PAGE;
  guest.pages(inflate, [rings, rings + 1, rings + 2]);
  guest.driver.queues[inflate]!.add({ address: BUFFER, length: 4 });
  guest.driver.queues[inflate]!.setAvail(0, 9999);
  guest.driver.queues[inflate]!.availIdx = 500;
  guest.kick(inflate);
  expect(guest.driver.status & Status.DEVICE_NEEDS_RESET).toBe(Status.DEVICE_NEEDS_RESET);
  guest.expectRecovery();
});

describe("statistics", () => {
  test.each<[string, Uint8Array]>([
    ["of a size that is no whole number of them", Uint8Array.of(...statistic(4, 9n), 5, 5, 5)],
    ["of tags nobody knows", Uint8Array.of(...statistic(4, 9n), ...statistic(60_000, 1n))],
    ["by the thousand", Uint8Array.from(new Array(1000).fill(statistic(4, 9n)).flat())],
  ])("%s are taken as far as they make sense", (_, bytes) => {
    using guest = new BalloonGuest();
    guest.bytes(statistics, bytes);
    expect(Object.fromEntries(guest.balloon.statistics)).toEqual({ free_memory: 9 });
    guest.expectRecovery();
  });

  test("in many buffers at once keep one of them, and give the others back", () => {
    using guest = new BalloonGuest();
    for (let i = 0; i < 100; i++) guest.driver.queues[statistics]!.add({ address: BUFFER, length: 10 });
    guest.kick(statistics);
    expect(guest.driver.queues[statistics]!.takeUsed()).toHaveLength(99);
    guest.expectRecovery();
  });

  test("of the largest number there is are a number", () => {
    using guest = new BalloonGuest();
    guest.bytes(statistics, Uint8Array.from(statistic(5, 2n ** 64n - 1n)));
    expect(guest.balloon.statistics.get("total_memory")).toBe(2 ** 64);
    guest.expectRecovery();
  });

  test("are not asked for by the buffer of a driver that is gone", () => {
    using guest = new BalloonGuest();
    guest.bytes(statistics, Uint8Array.from(statistic(4, 1n)));
    guest.driver.start();
    guest.rig.turn();
    guest.rig.backend.run(guest.balloon.askForStatistics);
    expect(guest.driver.queues[statistics]!.takeUsed()).toEqual([]);
    guest.expectRecovery();
  });
});

describe("reports", () => {
  test("of less than a page give nothing back; of pages and parts of pages, the pages", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 3);
    guest.driver.queues[reports]!.add({ address: FREE + 8, length: 100, writable: true });
    guest.driver.queues[reports]!.add({ address: FREE + PAGE - 1, length: PAGE + 2, writable: true });
    guest.kick(reports);
    expect(guest.zeroed(FREE, 3)).toEqual([false, true, false]);
    guest.expectRecovery();
  });

  test("of all RAM, a page at a time and all at once, take the rings with it: a reset mends that", () => {
    using guest = new BalloonGuest();
    guest.driver.queues[reports]!.add({ address: 0, length: RAM, writable: true });
    guest.kick(reports);
    guest.driver.start();
    guest.rig.turn();
    guest.driver.queues[reports]!.add(
      ...Array.from({ length: 256 }, (_, i) => ({ address: FREE + i * 2 * PAGE, length: PAGE, writable: true })),
    );
    guest.kick(reports);
    expect(guest.driver.queues[reports]!.takeUsed()).toHaveLength(1);
  });

  test("that can only be read are none", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 1);
    guest.driver.queues[reports]!.add({ address: FREE, length: PAGE });
    guest.kick(reports);
    expect(guest.zeroed(FREE, 1)).toEqual([false]);
    guest.expectRecovery();
  });
});

test("hints with a number that is too short are counted, and change nothing", () => {
  using guest = new BalloonGuest();
  guest.bytes(hints, Uint8Array.of(2, 0));
  expect([guest.counters.errors, guest.driver.status]).toEqual([1, RUNNING]);
  guest.expectRecovery();
});

test("ten resets in a row leave it working", () => {
  using guest = new BalloonGuest();
  for (let i = 0; i < 10; i++) {
    guest.pages(inflate, [FREE / PAGE]);
    guest.bytes(statistics, Uint8Array.from(statistic(4, 1n)));
    guest.driver.start();
  }
  guest.rig.turn();
  guest.expectRecovery();
});
