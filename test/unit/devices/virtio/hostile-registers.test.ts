/** Registers read and written otherwise than a driver should. */
import { describe, expect, test } from "bun:test";
import type { KvmRun } from "../../../../ffi/kvm/run.ts";
import { MmioBus } from "../../../../src/devices/bus.ts";
import { Register, Status } from "../../../../src/devices/virtio/transport/registers.ts";
import { slow } from "./slow-guest.ts";
import { BUFFER, Guest } from "./support.ts";

const { ACKNOWLEDGE, DRIVER } = Status;

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
