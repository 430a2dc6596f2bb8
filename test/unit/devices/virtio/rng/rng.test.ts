import { describe, expect, test } from "bun:test";
import { RngDevice } from "../../../../../src/devices/virtio/rng/device.ts";
import { MAX_REQUEST_BYTES } from "../../../../../src/devices/virtio/rng/request.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { FakeDriver } from "../../../../support/virtio/driver.ts";
import { FakeAlarm } from "../../../../support/virtio/fake-alarm.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { BUFFER, Guest, RAM } from "../support.ts";

describe("the entropy device", () => {
  test("fills buffers with bytes that are no two times the same, and not a byte beyond", () => {
    using guest = Guest.started();
    const bytes = guest.memory.view(BUFFER, 4096)!;
    guest.queue.add({ address: BUFFER, length: 1000, writable: true });
    guest.kick();
    const first = bytes.slice(0, 1000);
    guest.queue.add({ address: BUFFER, length: 1000, writable: true });
    guest.kick();
    expect(first).not.toEqual(bytes.slice(0, 1000));
    // A thousand random bytes hold some 250 different ones: fewer than 200 once in more than the age of the universe.
    expect(new Set(first).size).toBeGreaterThan(200);
    expect(bytes.slice(1000).every((byte) => byte === 0)).toBe(true);
    expect(guest.rig.device.counters).toEqual({
      requests: 2,
      bytes: 2000,
      empty: 0,
      errors: 0,
      throttles: 0,
      refills: 0,
    });
  });

  test("fills several buffers of a chain", () => {
    using guest = Guest.started();
    guest.queue.add(
      { address: BUFFER, length: 100, writable: true },
      { address: BUFFER + 0x1000, length: 100, writable: true },
    );
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 200 }]);
    for (const at of [BUFFER, BUFFER + 0x1000])
      expect(guest.memory.view(at, 100)!.some((byte) => byte !== 0)).toBe(true);
  });

  test("gives 64 KiB a request at most, and the guest sees how much it got", () => {
    using guest = Guest.started();
    guest.queue.add({ address: BUFFER, length: MAX_REQUEST_BYTES + 1, writable: true });
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 65536 }]);
    expect(guest.memory.view(BUFFER + MAX_REQUEST_BYTES, 1)![0]).toBe(0);
  });

  test("gives 64 KiB for 256 buffers that are all the same memory", () => {
    using guest = Guest.started();
    guest.queue.add(...new Array(256).fill({ address: BUFFER, length: 0x10_0000, writable: true }));
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 65536 }]);
    guest.expectRecovery();
  });

  test("leaves readable buffers as they are", () => {
    using guest = Guest.started();
    guest.queue.add({ address: BUFFER, length: 64 }, { address: BUFFER + 64, length: 8, writable: true });
    guest.queue.add({ address: BUFFER, length: 64 });
    guest.kick();
    expect(guest.queue.takeUsed().map(({ length }) => length)).toEqual([8, 0]);
    expect(guest.memory.view(BUFFER, 64)!.every((byte) => byte === 0)).toBe(true);
    expect(guest.rig.device.counters.empty).toBe(1);
    guest.expectWorking();
  });

  describe("with a rate limiter", () => {
    /** 1000 bytes each second. */
    const limits = { bandwidth: { size: 1000, one_time_burst: 0, refill_time: 1000 } };

    function limited(memory: GuestMemory) {
      const alarm = new FakeAlarm();
      const rig = new VirtioRig(new RngDevice(limits, { alarm, now: alarm.now }), memory);
      const driver = new FakeDriver(rig);
      driver.start();
      rig.turn();
      const ask = (length: number): void => {
        driver.queue.add({ address: BUFFER, length, writable: true });
        driver.queue.kick();
        rig.turn();
      };
      const pass = (ns: number): void => {
        alarm.time += ns;
        for (const { ready } of rig.device.sources) rig.backend.run(ready);
        rig.turn();
      };
      const served = (): number[] => driver.queue.takeUsed().map(({ length }) => length);
      return { rig, driver, ask, pass, served };
    }

    test("leaves a request over the limit in the queue until there is a budget for it", () => {
      using memory = GuestMemory.create(RAM);
      const { rig, driver, ask, pass, served } = limited(memory);
      for (const length of [600, 600, 100]) ask(length);
      expect(served()).toEqual([600]);
      pass(0.19e9);
      expect(served()).toEqual([]);
      driver.takeInterrupt();
      pass(0.01e9);
      expect(served()).toEqual([600]);
      expect(driver.takeInterrupt()).toBe(1);
      pass(0.1e9);
      expect(served()).toEqual([100]);
      expect(rig.device.counters).toEqual({ requests: 3, bytes: 1300, empty: 0, errors: 0, throttles: 2, refills: 2 });
      expect(rig.backend.counters.chains).toBe(3);
    });

    test("pays a request that is bigger than the bucket back before the next", () => {
      using memory = GuestMemory.create(RAM);
      const { ask, pass, served } = limited(memory);
      for (const length of [5000, 1000]) ask(length);
      expect(served()).toEqual([5000]);
      pass(4.99e9);
      expect(served()).toEqual([]);
      pass(0.01e9);
      expect(served()).toEqual([1000]);
    });

    test("takes no kick, and no reset, for a new budget", () => {
      using memory = GuestMemory.create(RAM);
      const { rig, driver, ask, pass, served } = limited(memory);
      ask(1000);
      ask(1000);
      driver.queue.kick();
      rig.turn();
      driver.reset();
      rig.turn();
      driver.start();
      rig.turn();
      ask(1000);
      expect(served()).toEqual([]);
      pass(1e9);
      expect(served()).toEqual([1000]);
    });

    test("that wakes while no driver is there does nothing", () => {
      using memory = GuestMemory.create(RAM);
      const { rig, driver, ask, pass } = limited(memory);
      ask(1000);
      ask(1000);
      driver.reset();
      rig.turn();
      pass(1e9);
      expect(rig.reports).toEqual([]);
      driver.start();
      rig.turn();
      ask(1000);
      expect(driver.queue.takeUsed()).toEqual([{ id: 0, length: 1000 }]);
    });
  });
});
