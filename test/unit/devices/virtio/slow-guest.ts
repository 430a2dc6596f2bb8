/** A guest with a device whose requests take as long as a test wants. */
import { expect } from "bun:test";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import { FakeDriver } from "../../../support/virtio/driver.ts";
import { VirtioRig } from "../../../support/virtio/rig.ts";
import { SlowDevice } from "../../../support/virtio/slow-device.ts";
import { BUFFER, RAM, RUNNING } from "./support.ts";

/** Of all slow devices: a test uses one at a time. */
const slowMemory = GuestMemory.create(RAM);

/** One that was not started yet. */
export function slow() {
  const device = new SlowDevice();
  const rig = new VirtioRig(device, slowMemory);
  return { rig, device, driver: new FakeDriver(rig) };
}

/** A device with this many requests under way. */
export function inFlight(count: number) {
  const { rig, device, driver } = slow();
  driver.start();
  for (let i = 0; i < count; i++) driver.queue.add({ address: BUFFER, length: 16, writable: true });
  driver.queue.kick();
  rig.turn();
  expect(device.flights.length).toBe(count);
  return { rig, device, driver };
}

export function expectSlowWorks(rig: VirtioRig<SlowDevice>, driver: FakeDriver, device: SlowDevice): void {
  driver.start();
  rig.turn();
  expect(driver.status).toBe(RUNNING);
  const id = driver.queue.add({ address: BUFFER, length: 16, writable: true });
  driver.queue.kick();
  rig.turn();
  rig.backend.run(device.land);
  expect(driver.queue.takeUsed()).toEqual([{ id, length: 16 }]);
}
