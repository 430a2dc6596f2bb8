import { describe, expect, test } from "bun:test";
import { DescriptorChain } from "../../../../../src/devices/virtio/queue/chain.ts";
import { isPast } from "../../../../../src/devices/virtio/queue/notify.ts";
import { serveQueue } from "../../../../../src/devices/virtio/queue/serve.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { FakeDriver } from "../../../../support/virtio/driver.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { SlowDevice } from "../../../../support/virtio/slow-device.ts";
import { BUFFER, RAM } from "../support.ts";

const VERSION_1 = 1n << 32n;
const memory = GuestMemory.create(RAM);

/** Both sides of a queue, and nothing that serves it. */
function bothSides(features?: bigint, size = 8) {
  const rig = new VirtioRig(new SlowDevice(), memory);
  const driver = new FakeDriver(rig);
  driver.start({ size, ...(features === undefined ? {} : { features }) });
  rig.turn();
  return { device: rig.device.activations[0]!.queues[0]!, driver: driver.queue, rig };
}

describe("a chain", () => {
  test("has its readable parts first, then the writable ones, in this process's memory", () => {
    const { device, driver } = bothSides();
    const read = { address: BUFFER, length: 16 };
    const write = { address: BUFFER + 0x1000, length: 512, writable: true };
    const head = driver.add(read, { ...read, address: BUFFER + 32 }, write, { ...write, length: 1 });
    const chain = new DescriptorChain();
    expect(device.next(chain)).toBe(true);
    const host = (address: number) => memory.hostAddress(address, 1);
    expect([...chain.addresses.subarray(0, 4)]).toEqual(
      [BUFFER, BUFFER + 32, BUFFER + 0x1000, BUFFER + 0x1000].map(host),
    );
    expect([...chain.lengths.subarray(0, 4)]).toEqual([16, 16, 512, 1]);
    const { readableParts, readableBytes, writableParts, writableBytes } = chain;
    expect([chain.head, readableParts, readableBytes, writableParts, writableBytes]).toEqual([head, 2, 32, 2, 513]);
    expect(device.next(chain)).toBe(false);
  });

  test("is read once, word by word: what the driver changes meanwhile is not seen half", () => {
    const words = Uint32Array.of(BUFFER, 0, 64, 3 | (1 << 16), BUFFER + 64, 0, 8, 2, ...new Array(24).fill(0));
    const reads = new Map<string, number>();
    const watched = new Proxy(words, {
      get(target, name) {
        reads.set(String(name), (reads.get(String(name)) ?? 0) + 1);
        return Reflect.get(target, name, target);
      },
    });
    const chain = new DescriptorChain();
    expect(chain.walk(watched, 8, 0, memory)).toBeUndefined();
    expect(Object.fromEntries(reads)).toEqual(
      Object.fromEntries(["0", "1", "2", "3", "4", "5", "6", "7"].map((i) => [i, 1])),
    );
  });

  test("stays as it was taken when its descriptors change", () => {
    const { device, driver } = bothSides();
    driver.add({ address: BUFFER, length: 64, writable: true });
    const chain = new DescriptorChain();
    device.next(chain);
    driver.setDescriptor(0, { address: 2n ** 63n, length: 0xffff_ffff, flags: 0 });
    expect([chain.addresses[0], chain.lengths[0]]).toEqual([memory.hostAddress(BUFFER, 64), 64]);
  });

  test("leaves nothing behind for the next", () => {
    const { device, driver } = bothSides();
    driver.add({ address: BUFFER, length: 16 }, { address: BUFFER, length: 16, writable: true });
    driver.add({ address: BUFFER, length: 1 });
    const chain = new DescriptorChain();
    device.next(chain);
    device.next(chain);
    expect([chain.readableParts, chain.readableBytes, chain.writableParts, chain.writableBytes]).toEqual([1, 1, 0, 0]);
  });
});

describe("completing", () => {
  test("may be in another order than taking", () => {
    const { device, driver } = bothSides();
    const heads = [1, 2, 3].map((length) => driver.add({ address: BUFFER, length }));
    const chain = new DescriptorChain();
    while (device.next(chain));
    for (const head of heads.toReversed()) device.complete(head, head);
    expect(driver.takeUsed()).toEqual(heads.toReversed().map((id) => ({ id, length: id })));
  });

  test("in stages shows the driver all of them or none", () => {
    const { device, driver } = bothSides();
    const chain = new DescriptorChain();
    for (let i = 0; i < 3; i++) driver.add({ address: BUFFER, length: 8, writable: true });
    for (const written of [3, 2, 1]) {
      device.next(chain);
      device.stage(chain.head, written);
      expect(driver.takeUsed()).toEqual([]);
    }
    device.publish();
    expect(driver.takeUsed().map(({ length }) => length)).toEqual([3, 2, 1]);
  });

  test("what was not taken is a mistake of the device, and writes nothing", () => {
    const { device, driver } = bothSides();
    const head = driver.add({ address: BUFFER, length: 1 });
    expect(() => device.complete(head, 0)).toThrow(new RangeError("descriptor 0 is completed, but was not taken"));
    const chain = new DescriptorChain();
    device.next(chain);
    device.complete(head, 0);
    expect(() => device.complete(head, 0)).toThrow(RangeError);
    expect(driver.usedIdx).toBe(1);
  });

  test("for a driver that is gone writes nothing", () => {
    const { device, driver } = bothSides();
    const head = driver.add({ address: BUFFER, length: 1 });
    const chain = new DescriptorChain();
    device.next(chain);
    device.retire();
    device.complete(head, 0);
    driver.add({ address: BUFFER, length: 1 });
    expect([driver.usedIdx, device.next(chain), device.resumeNotifications()]).toEqual([0, false, false]);
  });
});

describe("putting back", () => {
  test("leaves a chain to be taken again, as it is then", () => {
    const { device, driver } = bothSides();
    const head = driver.add({ address: BUFFER, length: 8 });
    driver.add({ address: BUFFER, length: 1 });
    const chain = new DescriptorChain();
    device.next(chain);
    device.putBack(chain.head);
    driver.setDescriptor(head, { address: BigInt(BUFFER), length: 9, flags: 0 });
    expect([device.next(chain), chain.head, chain.readableBytes]).toEqual([true, head, 9]);
    expect([device.next(chain), device.next(chain), device.counters.chains]).toEqual([true, false, 2]);
    expect(driver.takeUsed()).toEqual([]);
  });

  test("across the index's wrap loses nothing", () => {
    const { device, driver } = bothSides();
    const chain = new DescriptorChain();
    for (let i = 0; i < 65_540; i++) {
      driver.add({ address: BUFFER, length: 1 });
      device.next(chain);
      device.putBack(chain.head);
      if (!device.next(chain)) throw new Error(`lost the chain at ${i}`);
      device.complete(chain.head, 0);
      driver.takeUsed();
    }
    expect([device.next(chain), device.fault]).toEqual([false, undefined]);
  });

  test("what was not taken is a mistake of the device", () => {
    const { device } = bothSides();
    expect(() => device.putBack(3)).toThrow(new RangeError("descriptor 3 is put back, but was not taken"));
  });
});

describe("interrupts", () => {
  /** Completes `count` one by one. @returns whether an interrupt is wanted after each */
  function wants({ device, driver }: ReturnType<typeof bothSides>, count: number): boolean[] {
    const chain = new DescriptorChain();
    return Array.from({ length: count }, () => {
      driver.add({ address: BUFFER, length: 1 });
      device.next(chain);
      device.complete(chain.head, 0);
      return device.shouldInterrupt();
    });
  }

  test("come when the used index passes used_event, and then not again", () => {
    const sides = bothSides();
    sides.driver.usedEvent = 2;
    expect(wants(sides, 5)).toEqual([false, false, true, false, false]);
  });

  test("without event index come unless the flag says no", () => {
    const sides = bothSides(VERSION_1);
    expect(wants(sides, 1)).toEqual([true]);
    sides.driver.availFlags = 1;
    expect(wants(sides, 2)).toEqual([false, false]);
    sides.driver.availFlags = 0;
    expect(wants(sides, 1)).toEqual([true]);
  });

  test("are asked for once for many completions", () => {
    const { device, driver } = bothSides();
    const chain = new DescriptorChain();
    for (let i = 0; i < 4; i++) driver.add({ address: BUFFER, length: 1 });
    while (device.next(chain)) device.complete(chain.head, 0);
    expect([device.hasUntold, device.shouldInterrupt(), device.hasUntold, device.shouldInterrupt()]).toEqual([
      ...[true, true, false, false],
    ]);
  });

  test.each([
    [0, 1, 0, true],
    [1, 1, 0, false],
    [0xffff, 0, 0xffff, true],
    [0xffff, 5, 0xfffe, true],
    [5, 5, 0xfffe, false],
    [4, 5, 0xfffe, true],
    [0xfffd, 5, 0xfffe, false],
    [7, 7, 7, false],
  ])("event %i lies on the way to %i from %i: %p", (event, to, from, expected) => {
    expect(isPast(event, to, from)).toBe(expected);
  });
});

describe("kicks", () => {
  test.each([
    ["event index", undefined],
    ["the flag", VERSION_1],
  ])("are off by %s while a queue is served, and on after", (_, features) => {
    const { device, driver } = bothSides(features);
    const chain = new DescriptorChain();
    device.suspendNotifications();
    const before = driver.availIdx;
    for (let i = 0; i < 3; i++) driver.add({ address: BUFFER, length: 1 });
    while (device.next(chain)) device.complete(chain.head, 0);
    expect(device.resumeNotifications()).toBe(false);
    const now = driver.availIdx;
    driver.add({ address: BUFFER, length: 1 });
    expect(driver.wantsKick(now)).toBe(true);
    expect(before).toBe(0);
  });

  test("a buffer that came while they were off is seen when they go on", () => {
    const { device, driver } = bothSides();
    device.suspendNotifications();
    driver.add({ address: BUFFER, length: 1 });
    expect(device.resumeNotifications()).toBe(true);
  });
});

describe("serving a queue", () => {
  test("ends when it is empty, or after a turn's worth with a word that there is more", () => {
    const { device, driver } = bothSides();
    const chain = new DescriptorChain();
    for (let i = 0; i < 5; i++) driver.add({ address: BUFFER, length: 1, writable: true });
    const serve = ({ writableBytes }: DescriptorChain) => writableBytes;
    expect([serveQueue(device, chain, 3, serve), driver.takeUsed().length]).toEqual([true, 3]);
    expect([serveQueue(device, chain, 3, serve), driver.takeUsed().length]).toEqual([false, 2]);
  });

  test("ends although a driver adds a buffer for each that is served", () => {
    const { device, driver } = bothSides();
    const add = () => driver.add({ address: BUFFER, length: 1, writable: true });
    add();
    let served = 0;
    const serve = () => {
      add();
      return ++served && 1;
    };
    expect([serveQueue(device, new DescriptorChain(), 10, serve), served]).toEqual([true, 10]);
  });

  test("hands out no more broken chains in one go than the queue is long, although more come in all the time", () => {
    const { device, driver } = bothSides();
    for (let i = 0; i < 8; i++) driver.setDescriptor(i, { address: RAM, length: 1 });
    for (let i = 0; i < 8; i++) driver.offer(i);
    expect([device.next(new DescriptorChain()), device.counters.brokenChains]).toEqual([false, 8]);
    expect(device.lastChainFault).toBe("a buffer is not in RAM");
  });
});
