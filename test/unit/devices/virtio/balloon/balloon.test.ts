import { describe, expect, test } from "bun:test";
import { Register } from "../../../../../src/devices/virtio/transport/registers.ts";
import { BalloonGuest, BUFFER, FREE, PAGE, QueueIndex, statistic } from "./support.ts";

const FIRST = FREE / PAGE;
const { inflate, deflate, statistics, hints, reports } = QueueIndex;

const configWords = (guest: BalloonGuest): number[] => {
  const bytes = guest.driver.readBytes(Register.Config, 8);
  const more = guest.driver.readBytes(Register.Config + 8, 8);
  return [...new Uint32Array(bytes.buffer), ...new Uint32Array(more.buffer)];
};

describe("inflating", () => {
  test("gives the pages back, and no others; touched again they are zeros, and can be used", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 8);
    guest.pages(inflate, [FIRST + 1, FIRST + 2, FIRST + 5]);
    expect(guest.zeroed(FREE, 8)).toEqual([false, true, true, false, false, true, false, false]);
    expect(guest.driver.queues[inflate]!.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    expect(guest.counters).toMatchObject({ inflatedPages: 3, bytes: 3 * PAGE, errors: 0 });
    guest.fill(FREE, 8);
    expect(guest.zeroed(FREE, 8)).not.toContain(true);
  });

  test("takes pages in any order, also twice", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 6);
    guest.pages(inflate, [FIRST + 3, FIRST, FIRST + 2, FIRST + 3, FIRST + 1]);
    expect(guest.zeroed(FREE, 6)).toEqual([true, true, true, true, false, false]);
    expect(guest.counters).toMatchObject({ inflatedPages: 4, bytes: 4 * PAGE });
  });

  test("takes the last page of RAM", () => {
    using guest = new BalloonGuest();
    const last = guest.memory.size - PAGE;
    guest.fill(last, 1);
    guest.pages(inflate, [last / PAGE]);
    expect([guest.zeroed(last, 1), guest.counters.errors]).toEqual([[true], 0]);
  });
});

test("deflating needs nothing but an answer", () => {
  using guest = new BalloonGuest();
  guest.pages(deflate, [FIRST, FIRST + 1]);
  expect(guest.driver.queues[deflate]!.takeUsed()).toEqual([{ id: 0, length: 0 }]);
  expect(guest.counters).toMatchObject({ deflatedPages: 2, bytes: 0 });
});

describe("the size", () => {
  test("that is wanted is there from the start, in pages", () => {
    using guest = new BalloonGuest({ amount_mib: 5 });
    expect(configWords(guest)).toEqual([1280, 0, 0, 0]);
  });

  test("can change while the guest runs: it is interrupted", () => {
    using guest = new BalloonGuest();
    guest.balloon.setTarget(3);
    expect([configWords(guest)[0], guest.driver.takeInterrupt()]).toEqual([768, 2]);
  });

  test("that the driver has reached is what it says", () => {
    using guest = new BalloonGuest();
    guest.driver.writeBytes(Register.Config + 4, new Uint8Array(Uint32Array.of(512).buffer));
    guest.rig.turn();
    expect(guest.balloon.actualMib).toBe(2);
  });
});

describe("what is offered", () => {
  const offered = (config: ConstructorParameters<typeof BalloonGuest>[0]) => {
    using guest = new BalloonGuest(config);
    return [Number(guest.driver.offered() & 0x3fn), guest.driver.queues.length];
  };
  const nothing = {
    deflate_on_oom: false,
    free_page_hinting: false,
    free_page_reporting: false,
    stats_polling_interval_s: 0,
  };

  test("is what the configuration asks for, and there are queues for that", () => {
    expect(offered({})).toEqual([0b101110, 5]);
    expect(offered(nothing)).toEqual([0, 2]);
    expect(offered({ ...nothing, deflate_on_oom: true })).toEqual([0b100, 2]);
    expect(offered({ ...nothing, free_page_reporting: true })).toEqual([0b10_0000, 3]);
  });

  test("and not taken has no queue: the next one has its number", () => {
    using guest = new BalloonGuest();
    guest.driver.start({ features: ~0b1010n });
    guest.rig.turn();
    guest.fill(FREE, 1);
    guest.driver.queues[2]!.add({ address: FREE, length: PAGE, writable: true });
    guest.kick(2);
    expect(guest.counters.reportedBytes).toBe(PAGE);
  });
});

test("what the guest reports as free goes back to the host", () => {
  using guest = new BalloonGuest();
  guest.fill(FREE, 8);
  guest.driver.queues[reports]!.add(
    { address: FREE, length: 2 * PAGE, writable: true },
    { address: FREE + 4 * PAGE, length: PAGE, writable: true },
  );
  guest.kick(reports);
  expect(guest.zeroed(FREE, 8)).toEqual([true, true, false, false, true, false, false, false]);
  expect(guest.driver.queues[reports]!.takeUsed()).toEqual([{ id: 0, length: 0 }]);
  expect(guest.counters).toMatchObject({ reportedBytes: 3 * PAGE, bytes: 3 * PAGE });
});

describe("statistics", () => {
  const say = (guest: BalloonGuest, ...bytes: number[]) => guest.bytes(statistics, Uint8Array.from(bytes));

  test("are kept by name, and the buffer with them until new ones are wanted", () => {
    using guest = new BalloonGuest();
    say(guest, ...statistic(4, 1000n), ...statistic(5, 4000n), ...statistic(2, 7n));
    expect(Object.fromEntries(guest.balloon.statistics)).toEqual({
      free_memory: 1000,
      total_memory: 4000,
      major_faults: 7,
    });
    expect(guest.driver.queues[statistics]!.takeUsed()).toEqual([]);
    guest.rig.backend.run(guest.balloon.askForStatistics);
    expect(guest.driver.queues[statistics]!.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    expect(guest.driver.takeInterrupt()).toBe(1);
    say(guest, ...statistic(4, 500n));
    expect(guest.balloon.statistics.get("free_memory")).toBe(500);
  });

  test("are asked for once, however long the driver takes", () => {
    using guest = new BalloonGuest();
    say(guest, ...statistic(4, 1n));
    for (let i = 0; i < 3; i++) guest.rig.backend.run(guest.balloon.askForStatistics);
    expect(guest.driver.queues[statistics]!.takeUsed()).toHaveLength(1);
  });

  test("come as often as was said last", () => {
    using guest = new BalloonGuest();
    say(guest, ...statistic(4, 1n));
    expect(guest.balloon.pollingSeconds).toBe(3600);
    guest.balloon.setPollingSeconds(0.01);
    Bun.sleepSync(30);
    guest.rig.turn();
    expect(guest.driver.queues[statistics]!.takeUsed()).toHaveLength(1);
  });

  test("come by a timer of the device's own", () => {
    using guest = new BalloonGuest();
    expect(guest.balloon.sources).toHaveLength(1);
    using none = new BalloonGuest({ stats_polling_interval_s: 0 });
    expect(none.balloon.sources).toEqual([]);
  });
});

describe("hinting", () => {
  const answer = (guest: BalloonGuest, id: number) => guest.bytes(hints, new Uint8Array(Uint32Array.of(id).buffer));
  const name = (guest: BalloonGuest) => {
    guest.driver.queues[hints]!.add({ address: FREE, length: PAGE, writable: true });
    guest.kick(hints);
  };

  test("takes what the driver names in the run it was asked for, and then says done", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 1);
    guest.balloon.startHinting();
    expect([configWords(guest)[2], guest.driver.takeInterrupt()]).toEqual([2, 2]);
    answer(guest, 2);
    name(guest);
    expect([guest.zeroed(FREE, 1), guest.counters.hintedBytes, configWords(guest)[2]]).toEqual([[true], PAGE, 2]);
    answer(guest, 0);
    expect(configWords(guest)[2]).toBe(1);
  });

  test("leaves alone what is named outside it, or in another", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 1);
    name(guest);
    guest.balloon.startHinting();
    answer(guest, 7);
    name(guest);
    expect([guest.zeroed(FREE, 1), guest.counters.hintedBytes]).toEqual([[false], 0]);
    expect(guest.driver.queues[hints]!.takeUsed()).toHaveLength(3);
  });

  test("keeps the pages until it is told to stop, if so asked", () => {
    using guest = new BalloonGuest();
    expect(guest.balloon.hinting).toEqual({ host: 1, guest: undefined });
    guest.balloon.startHinting(false);
    answer(guest, 2);
    name(guest);
    answer(guest, 0);
    expect([configWords(guest)[2], guest.balloon.hinting]).toEqual([2, { host: 2, guest: 0 }]);
    guest.driver.takeInterrupt();
    guest.balloon.stopHinting();
    expect([configWords(guest)[2], guest.driver.takeInterrupt()]).toEqual([1, 2]);
    expect(guest.balloon.hinting).toEqual({ host: 1, guest: 0 });
    guest.driver.reset();
    guest.rig.turn();
    expect(guest.balloon.hinting.guest).toBeUndefined();
  });

  test("that is stopped takes nothing more", () => {
    using guest = new BalloonGuest();
    guest.fill(FREE, 1);
    guest.balloon.startHinting();
    answer(guest, 2);
    guest.balloon.stopHinting();
    name(guest);
    expect([guest.zeroed(FREE, 1), guest.counters.hintedBytes]).toEqual([[false], 0]);
  });

  test("has another number each time", () => {
    using guest = new BalloonGuest();
    guest.balloon.startHinting();
    guest.balloon.startHinting();
    expect(configWords(guest)[2]).toBe(3);
  });
});

test("buffers of requests are no pages to give back", () => {
  using guest = new BalloonGuest();
  guest.fill(BUFFER, 1);
  guest.pages(inflate, []);
  expect(guest.zeroed(BUFFER, 1)).toEqual([false]);
});
