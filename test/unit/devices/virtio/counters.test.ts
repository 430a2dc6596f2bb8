import { expect, test } from "bun:test";
import { describeCounters, deviceCounters, deviceReading } from "../../../../src/devices/virtio/counters.ts";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import { VirtioRig } from "../../../support/virtio/rig.ts";
import { SlowDevice } from "../../../support/virtio/slow-device.ts";
import { BUFFER, Guest } from "./support.ts";

test("a device's counters tell of its requests, bytes, interrupts and errors", () => {
  using guest = Guest.started();
  guest.queue.add({ address: BUFFER, length: 100, writable: true });
  guest.queue.add({ address: 2 ** 40, length: 100, writable: true });
  guest.kick();
  expect(deviceCounters(guest.rig.backend)).toMatchObject({
    operations: 1,
    bytes: 100,
    errors: 1,
    brokenChains: 1,
    interrupts: 1,
    interruptsSuppressed: 0,
    throttles: 0,
  });
});

test("interrupts that the driver did not want are counted as such", () => {
  using guest = Guest.started();
  guest.queue.usedEvent = 1000;
  guest.queue.add({ address: BUFFER, length: 100, writable: true });
  guest.kick();
  expect(deviceCounters(guest.rig.backend)).toMatchObject({ interrupts: 0, interruptsSuppressed: 1 });
});

test("in words they leave out what is zero", () => {
  using guest = new Guest();
  const counters = deviceCounters(guest.rig.backend);
  expect(describeCounters("rng", counters)).toBe("rng: never used");
  expect(describeCounters("rng", { ...counters, operations: 2, bytes: 64 })).toBe("rng: operations 2, bytes 64");
});

test("metrics call a device what it says of itself, of whatever kind it is", () => {
  using memory = GuestMemory.create(2 ** 21);
  expect(deviceReading(new VirtioRig(new SlowDevice(), memory).backend)).toMatchObject({ kind: "slow", id: "slow" });
});
