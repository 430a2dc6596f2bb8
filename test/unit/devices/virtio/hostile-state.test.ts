import { describe, expect, test } from "bun:test";
import { Register, Status } from "../../../../src/devices/virtio/transport/registers.ts";
import type { FakeDriver } from "../../../support/virtio/driver.ts";
import { expectSlowWorks, inFlight, slow } from "./slow-guest.ts";
import { BUFFER, Guest, RUNNING } from "./support.ts";

const { ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, DEVICE_NEEDS_RESET, FAILED } = Status;
const VERSION_1 = 1n << 32n;

describe("status", () => {
  test("takes no bit that has others to come before it", () => {
    using guest = new Guest();
    const { driver } = guest;
    driver.write(Register.Status, DRIVER_OK);
    expect(driver.status).toBe(0);
    driver.write(Register.Status, FEATURES_OK);
    expect(driver.status).toBe(0);
    driver.acknowledge(driver.offered());
    driver.write(Register.Status, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    expect(driver.status).toBe(ACKNOWLEDGE | DRIVER);
    driver.write(Register.Status, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    expect(driver.status).toBe(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    guest.rig.turn();
    expect(guest.rig.reports).toEqual([]);
    guest.expectRecovery();
  });

  test("all set at once is the driver's presence and its failure, nothing more", () => {
    using guest = new Guest();
    guest.driver.write(Register.Status, 0xffff_ffff);
    expect(guest.driver.status).toBe(ACKNOWLEDGE | DRIVER | FAILED);
    guest.expectRecovery();
  });

  test("keeps the bits that a driver clears", () => {
    using guest = Guest.started();
    for (const value of [ACKNOWLEDGE, DRIVER_OK, RUNNING & ~FEATURES_OK, 0x100, 0x30]) {
      guest.driver.write(Register.Status, value);
      expect(guest.driver.status).toBe(RUNNING);
    }
    guest.expectWorking();
    guest.expectRecovery();
  });

  test("does not let a driver set or clear DEVICE_NEEDS_RESET", () => {
    using guest = Guest.started();
    guest.driver.write(Register.Status, RUNNING | DEVICE_NEEDS_RESET);
    expect(guest.driver.status).toBe(RUNNING);
    guest.queue.availIdx = 999;
    guest.kick();
    guest.driver.write(Register.Status, RUNNING);
    guest.expectNeedsReset();
    guest.expectRecovery();
  });

  test("after FAILED goes nowhere but to a reset", () => {
    using guest = new Guest();
    guest.driver.negotiate();
    guest.driver.addStatus(FAILED);
    guest.driver.setUpQueues();
    guest.driver.write(Register.QueueSel, 0);
    expect(guest.driver.read(Register.QueueReady)).toBe(0);
    expect(guest.driver.addStatus(DRIVER_OK) & DRIVER_OK).toBe(0);
    guest.expectRecovery();
  });
});

describe("FEATURES_OK", () => {
  function refused(acknowledge: (driver: FakeDriver) => void): Guest {
    const guest = new Guest();
    guest.driver.addStatus(ACKNOWLEDGE);
    guest.driver.addStatus(DRIVER);
    acknowledge(guest.driver);
    expect(guest.driver.addStatus(FEATURES_OK)).toBe(ACKNOWLEDGE | DRIVER);
    expect(guest.driver.addStatus(DRIVER_OK)).toBe(ACKNOWLEDGE | DRIVER);
    return guest;
  }

  test("is refused without VERSION_1", () => {
    using guest = refused((driver) => driver.acknowledge(driver.offered() & ~VERSION_1));
    guest.expectRecovery();
  });

  test.each([0, 5, 28, 31, 33, 34, 63])("is refused for feature %i, which was not offered", (bit) => {
    using guest = refused((driver) => driver.acknowledge(driver.offered() | (1n << BigInt(bit))));
    guest.expectRecovery();
  });

  test.each([2, 3, 2 ** 31, 2 ** 32 - 1])("is refused for features of bank %i, where none are", (bank) => {
    using guest = refused((driver) => {
      driver.acknowledge(driver.offered());
      driver.write(Register.DriverFeaturesSel, bank);
      driver.write(Register.DriverFeatures, 1);
      driver.write(Register.DriverFeatures, 0);
    });
    guest.expectRecovery();
  });

  test("is given once the features are mended", () => {
    using guest = refused((driver) => driver.acknowledge(VERSION_1 | 1n));
    guest.driver.acknowledge(VERSION_1);
    expect(guest.driver.addStatus(FEATURES_OK)).toBe(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    guest.expectRecovery();
  });

  test("settles the features: what is acknowledged later does not count", () => {
    const { rig, device, driver } = slow();
    driver.negotiate(VERSION_1);
    driver.acknowledge(0n);
    driver.setUpQueues();
    driver.acknowledge(driver.offered());
    driver.addStatus(DRIVER_OK);
    driver.acknowledge(driver.offered());
    rig.turn();
    expect(device.activations.map(({ features }) => features)).toEqual([VERSION_1]);
  });
});

describe("a device that can't be activated", () => {
  test("needs a reset, and works after it", () => {
    const { rig, driver, device } = slow();
    device.throws = { activate: new Error("no room") };
    driver.start();
    rig.turn();
    expect(driver.status).toBe(RUNNING | DEVICE_NEEDS_RESET);
    expect(rig.reports).toEqual(["slow: can't be activated: no room: its driver has to reset it"]);
    driver.start();
    rig.turn();
    expect([driver.status, device.activations.length]).toEqual([RUNNING, 1]);
  });

  test("is one that throws over a request, too", () => {
    const { rig, driver, device } = slow();
    driver.start();
    device.throws = { process: new Error("a mistake of ours") };
    rig.turn();
    expect(driver.status).toBe(RUNNING | DEVICE_NEEDS_RESET);
    expect([driver.takeInterrupt(), device.resets]).toEqual([2, 1]);
    driver.start();
    rig.turn();
    expect(driver.status).toBe(RUNNING);
  });
});

describe("a reset", () => {
  test("ten times in a row, in any state, ends in a device that works", () => {
    using guest = Guest.started();
    for (let i = 0; i < 10; i++) {
      guest.driver.reset();
      expect(guest.driver.status).toBe(0);
      if (i % 2) guest.rig.turn();
      if (i % 3) guest.driver.start();
    }
    guest.expectRecovery();
  });

  test("clears what the driver set, but not what the device is", () => {
    using guest = Guest.started();
    guest.queue.add({ address: BUFFER, length: 8, writable: true });
    guest.kick();
    guest.driver.reset();
    const { driver } = guest;
    driver.write(Register.QueueSel, 0);
    const { InterruptStatus, QueueReady, QueueNumMax, DeviceID, MagicValue } = Register;
    const registers = [InterruptStatus, QueueReady, QueueNumMax, DeviceID, MagicValue];
    expect(registers.map((register) => driver.read(register))).toEqual([0, 0, 256, 4, 0x7472_6976]);
    guest.expectRecovery();
  });

  test("with requests in flight is done when they have come home, and not before", () => {
    const { rig, driver, device } = inFlight(2);
    driver.reset();
    rig.turn();
    driver.write(Register.QueueSel, 0);
    expect([driver.status, driver.read(Register.QueueReady), device.resets]).toEqual([RUNNING, 0, 1]);
    rig.backend.run(device.land);
    expect(driver.status).toBe(RUNNING);
    rig.backend.run(device.land);
    expect(driver.status).toBe(0);
    // The rings are the guest's again: no used element, no interrupt.
    expect([driver.queue.usedIdx, rig.interrupt.raised]).toEqual([0, 0]);
    expectSlowWorks(rig, driver, device);
  });

  test("with requests in flight can be asked for ten times", () => {
    const { rig, driver, device } = inFlight(1);
    for (let i = 0; i < 10; i++) {
      driver.reset();
      rig.turn();
    }
    expect(device.resets).toBe(1);
    rig.backend.run(device.land);
    expect(driver.status).toBe(0);
    expectSlowWorks(rig, driver, device);
  });

  test("that waits lets nothing else through: a driver that goes on without looking gets nowhere, and back later", () => {
    const { rig, driver, device } = inFlight(1);
    driver.start();
    driver.writeBytes(Register.Config + 4, Uint8Array.of(99));
    rig.turn();
    expect([driver.status, device.activations.length]).toEqual([RUNNING, 1]);
    rig.backend.run(device.land);
    expect([driver.status, device.written.length]).toEqual([0, 0]);
    expectSlowWorks(rig, driver, device);
  });

  test("of a device that broke with requests in flight waits for them as well", () => {
    const { rig, driver, device } = inFlight(1);
    driver.queue.availIdx = 999;
    driver.queue.kick();
    rig.turn();
    expect(driver.status).toBe(RUNNING | DEVICE_NEEDS_RESET);
    driver.reset();
    expect(driver.status).toBe(RUNNING | DEVICE_NEEDS_RESET);
    rig.backend.run(device.land);
    rig.turn();
    expect(driver.status).toBe(0);
    expectSlowWorks(rig, driver, device);
  });

  test("and a new start, both unseen by the back end, make it drop the old driver's queues", () => {
    const { rig, driver, device } = slow();
    driver.start();
    rig.turn();
    driver.reset();
    driver.start();
    driver.queue.add({ address: BUFFER, length: 8, writable: true });
    driver.queue.kick();
    rig.turn();
    expect([device.resets, device.activations.length, device.flights.length]).toEqual([1, 2, 1]);
  });

  test("in the middle of the back end's work waits until it is over", () => {
    const { rig, driver, device } = slow();
    driver.start();
    rig.turn();
    rig.backend.run(() => {
      driver.reset();
      expect(driver.status).toBe(RUNNING);
    });
    expect([driver.status, device.resets]).toEqual([0, 1]);
  });
});

describe("a head that is made available again while it is in flight", () => {
  test("breaks the device, and comes back no second time", () => {
    const { rig, driver, device } = inFlight(1);
    driver.queue.offer(0);
    driver.queue.kick();
    rig.turn();
    expect(rig.reports).toEqual(["slow: queue 0: a head was made available twice: its driver has to reset it"]);
    rig.backend.run(device.land);
    expect(driver.queue.usedIdx).toBe(0);
    driver.reset();
    rig.turn();
    expectSlowWorks(rig, driver, device);
  });
});
