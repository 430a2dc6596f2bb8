import { describe, expect, test } from "bun:test";
import type { KvmRun } from "../../../../ffi/kvm/run.ts";
import { MmioBus } from "../../../../src/devices/bus.ts";
import { Register, Status } from "../../../../src/devices/virtio/transport/registers.ts";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import { FakeDriver } from "../../../support/virtio/driver.ts";
import { VirtioRig } from "../../../support/virtio/rig.ts";
import { SlowDevice } from "../../../support/virtio/slow-device.ts";
import { BUFFER, Guest, RAM, RUNNING } from "./support.ts";

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
    const device = new SlowDevice();
    const rig = new VirtioRig(device, slowMemory);
    const driver = new FakeDriver(rig);
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

describe("queue registers", () => {
  test("take nothing before FEATURES_OK", () => {
    using guest = new Guest();
    guest.driver.addStatus(ACKNOWLEDGE | DRIVER);
    guest.driver.setUpQueues();
    guest.driver.write(Register.QueueSel, 0);
    expect(guest.driver.read(Register.QueueReady)).toBe(0);
    guest.expectRecovery();
  });

  test("written after DRIVER_OK change nothing", () => {
    using guest = Guest.started();
    const { driver } = guest;
    driver.write(Register.QueueSel, 0);
    driver.write(Register.QueueNum, 1 << 20);
    for (const low of [Register.QueueDescLow, Register.QueueDriverLow, Register.QueueDeviceLow]) {
      driver.write(low, 0xffff_fff0);
      driver.write(low + 4, 0xffff_ffff);
    }
    driver.write(Register.QueueReady, 0);
    expect(driver.read(Register.QueueReady)).toBe(1);
    guest.expectWorking();
    guest.expectRecovery();
  });

  test("written right after DRIVER_OK, before the back end has looked, change nothing either", () => {
    using guest = new Guest();
    guest.driver.start();
    guest.driver.writeQueue(0, Register.QueueNum, 1 << 20);
    guest.driver.writeQueue(0, Register.QueueReady, 0);
    guest.rig.turn();
    guest.expectWorking();
  });

  test("of queues that do not exist read as 0 and take nothing", () => {
    using guest = new Guest();
    const { driver } = guest;
    driver.negotiate();
    for (const queue of [1, 16, 17, 2 ** 31, 2 ** 32 - 1]) {
      driver.write(Register.QueueSel, queue);
      driver.write(Register.QueueNum, 8);
      driver.write(Register.QueueReady, 1);
      expect([driver.read(Register.QueueNumMax), driver.read(Register.QueueReady)]).toEqual([0, 0]);
    }
    guest.expectRecovery();
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

describe("register accesses", () => {
  const registers = Object.values(Register).filter((offset) => offset < Register.Config);

  test.each([1, 2, 3, 5, 8])("of %i bytes read as 0 and write nothing", (length) => {
    using guest = Guest.started();
    for (const register of registers) {
      expect([...guest.driver.readBytes(register, length)]).toEqual(new Array(length).fill(0));
      guest.driver.writeBytes(register, new Uint8Array(length));
    }
    guest.expectWorking();
    guest.expectRecovery();
  });

  test("that are misaligned read as 0 and write nothing", () => {
    using guest = Guest.started();
    for (const register of registers) {
      for (const by of [1, 2, 3]) {
        expect(guest.driver.read(register + by)).toBe(0);
        guest.driver.write(register + by, 0);
      }
    }
    guest.expectWorking();
  });

  test("at undefined offsets read as 0 and write nothing", () => {
    using guest = Guest.started();
    const known = new Set<number>(registers);
    for (let offset = 0; offset < Register.Config; offset += 4) {
      if (known.has(offset)) continue;
      guest.driver.write(offset, 0xffff_ffff);
      expect(guest.driver.read(offset)).toBe(0);
    }
    guest.expectWorking();
    guest.expectRecovery();
  });

  test("reads of write-only registers give 0", () => {
    using guest = Guest.started();
    const { DeviceFeaturesSel, DriverFeatures, DriverFeaturesSel, QueueSel, QueueNum, QueueNotify } = Register;
    const { InterruptACK, QueueDescLow, QueueDescHigh, QueueDriverLow, QueueDriverHigh } = Register;
    const { QueueDeviceLow, QueueDeviceHigh } = Register;
    const features = [DeviceFeaturesSel, DriverFeatures, DriverFeaturesSel];
    const queue = [QueueSel, QueueNum, QueueNotify, InterruptACK];
    const addresses = [QueueDescLow, QueueDescHigh, QueueDriverLow, QueueDriverHigh, QueueDeviceLow, QueueDeviceHigh];
    for (const register of [...features, ...queue, ...addresses]) {
      expect([register, guest.driver.read(register)]).toEqual([register, 0]);
    }
  });

  test("writes of read-only registers change nothing", () => {
    using guest = Guest.started();
    const { MagicValue, Version, DeviceID, VendorID, DeviceFeatures, QueueNumMax, InterruptStatus } = Register;
    const readOnly: number[] = [MagicValue, Version, DeviceID, VendorID, DeviceFeatures, QueueNumMax, InterruptStatus];
    readOnly.push(Register.ConfigGeneration, Register.SHMLenLow);
    const before = readOnly.map((register) => guest.driver.read(register));
    for (const register of readOnly) guest.driver.write(register, 0x5a5a_5a5a);
    expect(readOnly.map((register) => guest.driver.read(register))).toEqual(before);
    guest.expectWorking();
  });

  test("that start inside the window and end outside belong to nobody", () => {
    using guest = Guest.started();
    const bus = new MmioBus(0xc000_0000, 2);
    bus.attach(0xc000_0000, guest.rig.mmio);
    const bytes = new Uint8Array(8);
    const access = { bytes, mmioAddress: 0xc000_0ffc, mmioLength: 8, mmioDataOffset: 0 };
    bus.serve({ ...access, mmioIsWrite: true } as unknown as KvmRun);
    bus.serve({ ...access, mmioIsWrite: false } as unknown as KvmRun);
    expect([...bytes]).toEqual(new Array(8).fill(0xff));
    guest.expectWorking();
  });

  test("InterruptACK takes away what it names, and InterruptStatus keeps the rest", () => {
    using guest = Guest.started();
    guest.queue.add({ address: BUFFER, length: 8, writable: true });
    guest.queue.offer(300);
    guest.kick();
    const read = () => guest.driver.read(Register.InterruptStatus);
    expect(read()).toBe(3);
    guest.driver.write(Register.InterruptACK, 0xffff_fffc);
    expect(read()).toBe(3);
    guest.driver.write(Register.InterruptACK, 1);
    expect(read()).toBe(2);
    guest.driver.write(Register.InterruptACK, 2);
    expect(read()).toBe(0);
  });
});

describe("configuration space", () => {
  test("past its end reads as 0 and takes nothing", () => {
    const { driver } = slow();
    const Config = Register.Config;
    expect([...driver.readBytes(Config + 4, 8)]).toEqual([5, 6, 7, 8, 0, 0, 0, 0]);
    expect([...driver.readBytes(Config + 8, 4)]).toEqual([0, 0, 0, 0]);
    driver.writeBytes(Config + 8, Uint8Array.of(1, 2, 3, 4));
    driver.writeBytes(Config + 0xefc, Uint8Array.of(1, 2, 3, 4));
    expect([...driver.readBytes(Config + 8, 4), ...driver.readBytes(Config + 0xefc, 4)]).toEqual(new Array(8).fill(0));
  });

  test.each([1, 2, 4, 8])("is read %i bytes at a time", (width) => {
    const { driver } = slow();
    const bytes = [];
    for (let at = 0; at < 8; at += width) bytes.push(...driver.readBytes(Register.Config + at, width));
    expect(bytes).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("takes writes where it is writable only, and the back end hears of them", () => {
    const { rig, driver, device } = slow();
    driver.start();
    rig.turn();
    driver.writeBytes(Register.Config + 2, Uint8Array.of(91, 92, 93, 94, 95, 96));
    rig.turn();
    const expected = [1, 2, 3, 4, 93, 94, 7, 8];
    expect([...driver.readBytes(Register.Config, 8)]).toEqual(expected);
    expect(device.written.map((config) => [...config])).toEqual([expected]);
    driver.writeBytes(Register.Config, Uint8Array.of(91, 92, 93, 94));
    rig.turn();
    expect(device.written.length).toBe(1);
  });

  test("that changes tells a running driver, and its generation tells one that is reading", () => {
    const { rig, driver } = slow();
    rig.backend.changeConfig(0, Uint8Array.of(7));
    expect([driver.read(Register.ConfigGeneration), rig.interrupt.raised]).toEqual([2, 0]);
    driver.start();
    rig.turn();
    rig.backend.changeConfig(1, Uint8Array.of(8, 9));
    expect([driver.read(Register.ConfigGeneration), rig.interrupt.raised, driver.takeInterrupt()]).toEqual([4, 1, 2]);
    expect([...driver.readBytes(Register.Config, 4)]).toEqual([7, 8, 9, 4]);
    expect(() => rig.backend.changeConfig(7, Uint8Array.of(1, 2))).toThrow(RangeError);
  });
});

/** Of all slow devices: a test uses one at a time. */
const slowMemory = GuestMemory.create(RAM);

function slow() {
  const device = new SlowDevice();
  const rig = new VirtioRig(device, slowMemory);
  return { rig, device, driver: new FakeDriver(rig) };
}

/** A device with this many requests under way. */
function inFlight(count: number) {
  const { rig, device, driver } = slow();
  driver.start();
  for (let i = 0; i < count; i++) driver.queue.add({ address: BUFFER, length: 16, writable: true });
  driver.queue.kick();
  rig.turn();
  expect(device.flights.length).toBe(count);
  return { rig, device, driver };
}

function expectSlowWorks(rig: VirtioRig<SlowDevice>, driver: FakeDriver, device: SlowDevice): void {
  driver.start();
  rig.turn();
  expect(driver.status).toBe(RUNNING);
  const id = driver.queue.add({ address: BUFFER, length: 16, writable: true });
  driver.queue.kick();
  rig.turn();
  rig.backend.run(device.land);
  expect(driver.queue.takeUsed()).toEqual([{ id, length: 16 }]);
}
