/** Rings whose indices a driver has made up, and kicks that mean nothing. */
import { describe, expect, test } from "bun:test";
import { hasFeature, VIRTIO_F_EVENT_IDX } from "../../../../src/devices/virtio/features.ts";
import { Register, Status } from "../../../../src/devices/virtio/transport/registers.ts";
import { BUFFER, Guest } from "./support.ts";

const EVENT_IDX = 1n << BigInt(VIRTIO_F_EVENT_IDX);

describe("a ring that makes no sense leaves the device in need of a reset:", () => {
  const cases: [string, (guest: Guest) => void, string][] = [
    [
      "an available index beyond the queue's length",
      ({ queue }) => (queue.availIdx = 257),
      "the available index jumped",
    ],
    ["an available index that went backwards", ({ queue }) => (queue.availIdx = 0xffff), "the available index jumped"],
    ["a head at the size", ({ queue }) => queue.offer(256), "a head is no descriptor"],
    ["a head of 65535", ({ queue }) => queue.offer(65535), "a head is no descriptor"],
  ];

  test.each(cases)("%s", (_, spoil, reason) => {
    using guest = Guest.started();
    spoil(guest);
    guest.kick();
    expect(guest.rig.reports).toEqual([`rng: queue 0: ${reason}: its driver has to reset it`]);
    expect(guest.queue.usedIdx).toBe(0);
    guest.expectNeedsReset();
    guest.expectRecovery();
  });

  test("what was served before it is told all the same", () => {
    using guest = Guest.started();
    guest.queue.add({ address: BUFFER, length: 64, writable: true });
    guest.queue.offer(300);
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 64 }]);
    expect(guest.driver.takeInterrupt()).toBe(3);
    guest.expectRecovery();
  });

  test("kicks of a device that needs a reset do nothing", () => {
    using guest = Guest.started();
    guest.queue.offer(300);
    guest.kick();
    const { raised } = guest.rig.interrupt;
    for (let i = 0; i < 10; i++) guest.kick();
    expect([guest.rig.interrupt.raised, guest.rig.reports.length]).toEqual([raised, 1]);
    guest.expectRecovery();
  });

  test("a guest that repeats it fills no log", () => {
    using guest = Guest.started();
    for (let i = 0; i < 100; i++) {
      guest.queue.offer(300);
      guest.kick();
      guest.expectNeedsReset();
      guest.driver.start();
      guest.rig.turn();
    }
    expect([guest.rig.reports.length, guest.rig.backend.counters.faults]).toEqual([1, 100]);
    guest.expectRecovery();
  });

  test("random bytes written over the queue's own rings by its own buffer", () => {
    using guest = Guest.started();
    for (let i = 0; i < 50; i++) {
      guest.driver.start();
      guest.rig.turn();
      guest.queue.add({ address: guest.driver.base, length: 0x4000, writable: true });
      guest.kick();
      guest.kick();
    }
    guest.expectRecovery();
  });
});

describe("the indices", () => {
  test("wrap at 65536 without a hitch, event index or not", () => {
    for (const features of [0xffff_ffff_ffff_ffffn, ~EVENT_IDX]) {
      using guest = Guest.started({ features, size: 8 });
      expect(hasFeature(guest.driver.features, VIRTIO_F_EVENT_IDX)).toBe((features & EVENT_IDX) !== 0n);
      for (let i = 0; i < 66_000; i++) {
        guest.queue.add({ address: BUFFER, length: 1, writable: true });
        const wanted = guest.queue.wantsKick((guest.queue.availIdx - 1) & 0xffff);
        if (!wanted) throw new Error(`no kick is wanted at ${i}, so the buffer would wait for ever`);
        guest.kick();
        const used = guest.queue.takeUsed();
        if (used.length !== 1) throw new Error(`${used.length} came back at ${i}`);
      }
      expect(guest.rig.interrupt.raised).toBe(66_000);
      guest.expectRecovery();
    }
  });

  test("poisoned used_event costs interrupts at most", () => {
    using guest = Guest.started();
    for (const event of [0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff]) {
      guest.queue.takeUsed();
      guest.queue.usedEvent = event;
      guest.queue.add({ address: BUFFER, length: 1, writable: true });
      guest.kick();
      expect(guest.queue.takeUsed().length).toBe(1);
    }
    guest.expectRecovery();
  });

  test("a used index and flags that the driver scribbles over are never read back", () => {
    using guest = Guest.started();
    guest.queue.usedIdx = 0x1234;
    guest.queue.add({ address: BUFFER, length: 1, writable: true });
    guest.kick();
    expect(guest.queue.usedIdx).toBe(1);
    guest.expectWorking();
  });
});

describe("kicks", () => {
  test("before DRIVER_OK do nothing, and what they were for is served when it comes", () => {
    using guest = new Guest();
    guest.driver.negotiate();
    guest.driver.setUpQueues();
    guest.queue.add({ address: BUFFER, length: 64, writable: true });
    guest.kick();
    expect([guest.queue.usedIdx, guest.rig.interrupt.raised]).toEqual([0, 0]);
    guest.driver.addStatus(Status.DRIVER_OK);
    guest.rig.turn();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 64 }]);
    guest.expectRecovery();
  });

  test("after a reset do nothing", () => {
    using guest = Guest.started();
    guest.queue.add({ address: BUFFER, length: 64, writable: true });
    guest.driver.reset();
    guest.kick();
    expect([guest.queue.usedIdx, guest.rig.interrupt.raised, guest.driver.status]).toEqual([0, 0, 0]);
    guest.expectRecovery();
  });

  test("on an empty ring, and twice, do nothing more", () => {
    using guest = Guest.started();
    guest.kick();
    guest.queue.add({ address: BUFFER, length: 64, writable: true });
    guest.queue.kick();
    guest.kick();
    guest.kick();
    expect([guest.queue.takeUsed().length, guest.rig.interrupt.raised]).toEqual([1, 1]);
    guest.expectRecovery();
  });

  test("of queues that do not exist do nothing", () => {
    using guest = Guest.started();
    for (const queue of [1, 15, 16, 255, 65536, 2 ** 31, 2 ** 32 - 1]) guest.driver.write(Register.QueueNotify, queue);
    expect(guest.rig.turn()).toBe(0);
    guest.expectRecovery();
  });

  test("of a full queue are served in turns, so that other devices have theirs", () => {
    using guest = Guest.started();
    for (let i = 0; i < 256; i++) guest.queue.add({ address: BUFFER, length: 1, writable: true });
    guest.queue.kick();
    expect(guest.rig.turn()).toBeGreaterThan(8);
    expect(guest.queue.takeUsed().length).toBe(256);
    guest.expectRecovery();
  });
});
