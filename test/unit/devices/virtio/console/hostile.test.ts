/** What a hostile driver tries with a console: each leaves it working, or a reset brings it back. */
import { describe, expect, test } from "bun:test";
import { MIB } from "../../../../../src/memory/regions.ts";
import { RUNNING } from "../support.ts";
import { BUFFER, ConsoleGuest, control, PORTS, QueueIndex } from "./support.ts";

describe("output", () => {
  test("of 100 MB in chains as long as they can be goes through in turns, and takes no memory", () => {
    using guest = new ConsoleGuest();
    const transmit = guest.driver.queues[1]!;
    const before = process.memoryUsage.rss();
    for (let megabytes = 0; megabytes < 100; megabytes++) {
      transmit.add({ address: BUFFER, length: MIB });
      guest.kick(1);
    }
    expect(guest.sink.total).toBe(100 * MIB);
    expect(transmit.takeUsed().length).toBe(100);
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 * MIB);
    guest.expectRecovery();
  });

  test("of more than a turn's worth leaves other devices their turn", () => {
    using guest = new ConsoleGuest();
    guest.driver.queues[1]!.add({ address: BUFFER, length: 2 * MIB });
    guest.rig.backend.kick(1);
    expect(guest.device.ports[0]!.drained).toBe("more");
    expect(guest.sink.total).toBeLessThanOrEqual(MIB);
    guest.expectNeighbourUnharmed();
    guest.rig.turn();
    expect(guest.sink.total).toBe(2 * MIB);
    guest.expectRecovery();
  });

  test("whose buffers are all the same memory is printed as often as it is named", () => {
    using guest = new ConsoleGuest();
    guest.driver.queues[1]!.add(...new Array(64).fill({ address: BUFFER, length: 100 }));
    guest.kick(1);
    expect(guest.sink.total).toBe(6400);
    guest.expectRecovery();
  });

  test.each<[string, { address: number | bigint; length: number; writable?: boolean }]>([
    ["without a byte", { address: BUFFER, length: 0 }],
    ["that the device is to write", { address: BUFFER, length: 8, writable: true }],
    ["past the end of RAM", { address: 4 * MIB - 4, length: 8 }],
    ["at an address that wraps", { address: 2n ** 64n - 4n, length: 8 }],
  ])("%s goes back, and nothing is printed", (_, buffer) => {
    using guest = new ConsoleGuest();
    guest.driver.queues[1]!.add(buffer);
    guest.kick(1);
    expect(guest.driver.queues[1]!.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    expect([guest.sink.total, guest.driver.status]).toEqual([0, RUNNING]);
    guest.print("fine");
    expect(guest.sink.text).toBe("fine");
    guest.expectRecovery();
  });

  test("while stdout is stuck keeps no more than the queue holds, and the queue says when it makes no sense", () => {
    using guest = new ConsoleGuest();
    guest.sink.room = 0;
    const transmit = guest.driver.queues[1]!;
    for (let i = 0; i < 1000; i++) {
      transmit.add({ address: BUFFER, length: 1 });
      transmit.kick();
    }
    guest.rig.turn();
    expect(guest.sink.total).toBe(0);
    guest.expectRecovery();
  });
});

describe("input", () => {
  test("of 100 MB never goes beyond the buffers there are", () => {
    using guest = new ConsoleGuest();
    const text = "x".repeat(0x1_0000);
    let fed = 0;
    while (fed < 100 * MIB) {
      guest.offer(16, 4096);
      const took = guest.feed(text);
      expect(took).toBe(0x1_0000);
      fed += took;
      guest.driver.queues[0]!.takeUsed();
    }
    expect(guest.feed(text)).toBe(0);
    guest.expectRecovery();
  });

  test("into buffers without a byte to write sends them back, and waits for better ones", () => {
    using guest = new ConsoleGuest();
    for (let i = 0; i < 32; i++) guest.driver.queues[0]!.add({ address: BUFFER, length: 64 });
    guest.kick(0);
    expect(guest.feed("hello")).toBe(0);
    expect(guest.driver.queues[0]!.takeUsed()).toHaveLength(32);
    expect(guest.announces(0)).toBe(true);
    expect(guest.memory.view(BUFFER, 5)!.every((byte) => byte === 0)).toBe(true);
    guest.expectRecovery();
  });
});

describe("control messages", () => {
  test.each<[string, number[]]>([
    ["too short", control(0, 3, 1).slice(0, 7)],
    ["empty", []],
    ["about a port there is not", control(3, 6, 1)],
    ["about port 2^32 - 1", control(2 ** 32 - 1, 3, 1)],
  ])("%s are counted, and change nothing", (_, message) => {
    using guest = new ConsoleGuest(PORTS);
    guest.greet();
    guest.say(message);
    expect([guest.device.counters.errors, guest.told()]).toEqual([1, []]);
    expect(guest.device.ports.map(({ isGuestOpen }) => isGuestOpen)).toEqual([true, true, true]);
    guest.expectRecovery();
  });

  test("of an unknown kind, or that only a device sends, change nothing", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.greet();
    guest.say(control(1, 1, 1), control(1, 2, 1), control(1, 7, 1), control(0, 4, 1), control(1, 999, 1));
    expect([guest.told(), guest.driver.status]).toEqual([[], RUNNING]);
    guest.expectRecovery();
  });

  test("longer than they need be are read as far as they mean something", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.greet();
    guest.say([...control(1, 6, 0), ...new Array(32).fill(0xff)]);
    expect(guest.device.ports[1]!.isGuestOpen).toBe(false);
    guest.expectRecovery();
  });

  test("cut into single bytes are read", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.greet();
    guest.memory.write(BUFFER, Uint8Array.from(control(1, 6, 0)));
    const parts = Array.from({ length: 8 }, (_, i) => ({ address: BUFFER + i, length: 1 }));
    guest.driver.queues[QueueIndex.fromDriver]!.add(...parts);
    guest.kick(QueueIndex.fromDriver);
    expect(guest.device.ports[1]!.isGuestOpen).toBe(false);
    guest.expectRecovery();
  });

  test("ten thousand times the same, with no buffer for an answer, get one answer when there is one", () => {
    using guest = new ConsoleGuest(PORTS);
    for (let i = 0; i < 1000; i++) {
      guest.say(...Array.from({ length: 10 }, () => control(0, 0, 1)));
      guest.driver.queues[QueueIndex.fromDriver]!.takeUsed();
    }
    guest.offer(16, 64, QueueIndex.toDriver);
    expect(guest.told()).toEqual(["0 1 1", "1 1 1", "2 1 1"]);
    guest.expectRecovery();
  });

  test("that open and close a port without end leave it as the last one says", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.greet();
    for (let i = 0; i < 1000; i++) {
      guest.say(control(1, 6, 0), control(1, 6, 1));
      guest.driver.queues[QueueIndex.fromDriver]!.takeUsed();
    }
    expect(guest.device.ports[1]!.isGuestOpen).toBe(true);
    guest.expectRecovery();
  });

  test("find buffers for the answer that are too small: those go back empty, the answer waits for a larger one", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.offer(4, 4, QueueIndex.toDriver);
    guest.say(control(0, 0, 1));
    expect(guest.driver.queues[QueueIndex.toDriver]!.takeUsed().map(({ length }) => length)).toEqual([0, 0, 0, 0]);
    const address = BUFFER + 0x2_0000;
    for (let i = 0; i < 3; i++) {
      guest.driver.queues[QueueIndex.toDriver]!.add({ address: address + 64 * i, length: 64, writable: true });
    }
    guest.kick(QueueIndex.toDriver);
    expect(guest.driver.queues[QueueIndex.toDriver]!.takeUsed().map(({ length }) => length)).toEqual([8, 8, 8]);
    guest.expectRecovery();
  });
});

test("kicks of queues that a driver without ports does not use do nothing", () => {
  using guest = new ConsoleGuest(PORTS, ~2n);
  for (let queue = 0; queue < 8; queue++) guest.kick(queue);
  expect(guest.driver.status).toBe(RUNNING);
  guest.expectRecovery();
});

test("ten resets in a row with output stuck and input waiting leave it working", () => {
  using guest = new ConsoleGuest();
  for (let i = 0; i < 10; i++) {
    guest.sink.room = 0;
    guest.print("stuck");
    guest.offer(4, 16);
    guest.driver.start();
    guest.rig.turn();
  }
  guest.expectRecovery();
});
