import { describe, expect, test } from "bun:test";
import { COMMON_FEATURES } from "../../../../../src/devices/virtio/features.ts";
import { VhostVsockDevice } from "../../../../../src/devices/virtio/vsock/vhost.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { MIB } from "../../../../../src/memory/regions.ts";
import { FakeDriver } from "../../../../support/virtio/driver.ts";
import { RecordingVhost } from "../../../../support/virtio/recording-vhost.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { RUNNING } from "../support.ts";

const SEQPACKET = 1n << 1n;

function machine() {
  const vhost = new RecordingVhost(COMMON_FEATURES | SEQPACKET | (1n << 26n));
  const rig = new VirtioRig(new VhostVsockDevice(42, vhost), GuestMemory.create(4 * MIB));
  const driver = new FakeDriver(rig);
  const running = () => vhost.calls.filter(([name]) => name === "vsock running").map(([, is]) => is);
  return { vhost, rig, driver, running };
}

describe("a socket device whose queues the host's kernel serves", () => {
  test("offers message sockets where the kernel has them, and nothing else of the kernel's", () => {
    const { driver } = machine();
    expect(driver.offered()).toBe(COMMON_FEATURES | SEQPACKET);
    expect(driver.readBytes(0x100, 4)).toEqual(Uint8Array.of(42, 0, 0, 0));
  });

  test("starts with its driver, and hands over the queues for data, not that for events", () => {
    const { driver, rig, running, vhost } = machine();
    driver.start();
    rig.turn();
    expect(driver.status).toBe(RUNNING);
    expect(running()).toEqual([true]);
    expect(vhost.calls.filter(([name]) => name === "size")).toEqual([
      ["size", 0, 256],
      ["size", 1, 256],
    ]);
    expect(vhost.calls.at(-1)).toEqual(["vsock running", true]);
  });

  test("always reads as having interrupted, since it never hears of it", () => {
    const { driver, rig } = machine();
    driver.start();
    rig.turn();
    expect(driver.takeInterrupt()).toBe(1);
    expect(driver.takeInterrupt()).toBe(1);
  });

  test("has stopped before its driver sees the reset, ten times in a row", () => {
    const { driver, rig, running } = machine();
    for (let i = 1; i <= 10; i++) {
      driver.start();
      rig.turn();
      driver.reset();
      // The kernel may be writing to guest memory until the I/O thread has stopped it.
      expect(driver.status).not.toBe(0);
      rig.turn();
      expect(driver.status).toBe(0);
      expect(running()).toEqual(new Array(i).fill([true, false]).flat());
    }
  });

  test("needs a reset when its driver leaves a queue out", () => {
    const { driver, rig, running } = machine();
    driver.negotiate();
    driver.setUpQueues();
    driver.queues[1]!.writeRegisters(0);
    driver.addStatus(4);
    rig.turn();
    expect(driver.status).not.toBe(RUNNING);
    expect(running()).toEqual([]);
    driver.start();
    rig.turn();
    expect(driver.status).toBe(RUNNING);
  });
});
