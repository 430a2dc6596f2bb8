/** The page that KVM lets a guest read in place of an exit: it must say what the registers say, at any moment. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RngDevice } from "../../../../src/devices/virtio/rng/device.ts";
import { Register } from "../../../../src/devices/virtio/transport/registers.ts";
import { MAX_CONFIG_BYTES } from "../../../../src/devices/virtio/transport/state.ts";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import { FakeDriver } from "../../../support/virtio/driver.ts";
import { VirtioRig } from "../../../support/virtio/rig.ts";
import { SlowDevice } from "../../../support/virtio/slow-device.ts";
import { BUFFER, RAM } from "./support.ts";

const memory = GuestMemory.create(RAM);
const READABLE = Register.Config + MAX_CONFIG_BYTES;

/** What the guest reads of a register when it reads memory. */
function fromPage(rig: VirtioRig, register: number): number {
  return rig.state.page[register / 4]! >>> 0;
}

/** Every register, by an exit and from the page. */
function bothWays(rig: VirtioRig, driver: FakeDriver): [number[], number[]] {
  const registers = Array.from({ length: READABLE / 4 }, (_, i) => i * 4);
  return [registers.map((register) => driver.read(register)), registers.map((register) => fromPage(rig, register))];
}

describe("the register page", () => {
  test("shows a driver a device's whole life", () => {
    const rig = new VirtioRig(new RngDevice(), memory);
    const driver = new FakeDriver(rig);
    expect(fromPage(rig, Register.MagicValue)).toBe(0x7472_6976);
    expect(fromPage(rig, Register.DeviceID)).toBe(4);
    driver.start();
    rig.turn();
    driver.write(Register.QueueSel, 0);
    expect(fromPage(rig, Register.Status)).toBe(15);
    expect(fromPage(rig, Register.QueueReady)).toBe(1);
    driver.queue.add({ address: BUFFER, length: 64, writable: true });
    driver.queue.kick();
    rig.turn();
    expect(fromPage(rig, Register.InterruptStatus)).toBe(1);
    driver.write(Register.InterruptACK, 1);
    expect(fromPage(rig, Register.InterruptStatus)).toBe(0);
    driver.reset();
    rig.turn();
    expect([Register.Status, Register.QueueReady].map((register) => fromPage(rig, register))).toEqual([0, 0]);
  });

  test("shows configuration, and that it changed", () => {
    const rig = new VirtioRig(new SlowDevice(), memory);
    const before = fromPage(rig, Register.ConfigGeneration);
    rig.backend.changeConfig(0, Uint8Array.of(0xaa));
    expect(fromPage(rig, Register.Config)).toBe(0x040302aa);
    expect(fromPage(rig, Register.ConfigGeneration)).not.toBe(before);
  });

  test("shows a queue as down while a reset waits for what is in flight", () => {
    const rig = new VirtioRig(new SlowDevice(), memory);
    const driver = new FakeDriver(rig);
    driver.start();
    rig.turn();
    driver.queue.add({ address: BUFFER, length: 64, writable: true });
    driver.queue.kick();
    rig.turn();
    driver.write(Register.QueueSel, 0);
    expect(fromPage(rig, Register.QueueReady)).toBe(1);
    driver.write(Register.Status, 0);
    expect(fromPage(rig, Register.QueueReady)).toBe(0);
    expect(fromPage(rig, Register.Status)).not.toBe(0);
    rig.turn();
    rig.backend.run(rig.device.land);
    expect(fromPage(rig, Register.Status)).toBe(0);
  });

  test("says what an exit says, whatever a driver writes", () => {
    const offsets = fc.nat({ max: READABLE / 4 }).map((i) => i * 4);
    const values = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 8, 11, 15, 128), fc.integer({ min: 0, max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.array(fc.tuple(offsets, values), { maxLength: 40 }), (writes) => {
        const rig = new VirtioRig(new SlowDevice([8, 16]), memory);
        const driver = new FakeDriver(rig);
        for (const [offset, value] of writes) {
          driver.write(offset, value);
          rig.turn();
          const [byExit, byMemory] = bothWays(rig, driver);
          expect(byMemory).toEqual(byExit);
        }
      }),
    );
  });
});
