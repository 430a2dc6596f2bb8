import { describe, expect, test } from "bun:test";
import { Epoll } from "../../../../ffi/epoll.ts";
import { EventFd } from "../../../../ffi/eventfd.ts";
import { MmioBus } from "../../../../src/devices/bus.ts";
import { VirtioMmio } from "../../../../src/devices/virtio/transport/mmio.ts";
import { Status } from "../../../../src/devices/virtio/transport/registers.ts";
import { MachineBlock } from "../../../../src/machine/block.ts";
import { GSI, MMIO } from "../../../../src/machine/layout.ts";
import { createLines, line } from "../../../../src/machine/lines.ts";
import { MachineState } from "../../../../src/machine/state.ts";
import { VirtioIo } from "../../../../src/machine/virtio/io.ts";
import { attachVirtio } from "../../../../src/machine/virtio/registers.ts";
import { describeVirtio } from "../../../../src/machine/virtio/set-up.ts";
import { virtioState } from "../../../../src/machine/virtio/state.ts";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import { newCounts } from "../../../../src/observe/metrics/counts.ts";
import { FakeDriver } from "../../../support/virtio/driver.ts";
import { SlowDevice } from "../../../support/virtio/slow-device.ts";

const FIRST_TOKEN = 100;
const BUFFER = 0x10_0000;

/** Requests come home when its eventfd is signalled. */
class DiskLike extends SlowDevice {
  readonly done = EventFd.create("a request is done");
  readonly sources = [
    {
      fd: this.done.number,
      ready: (): void => {
        if (this.done.take()) this.land();
      },
    },
  ];
}

/** Two devices in a machine's block, with eventfds for everything, and the main loop's epoll. */
function machine() {
  const devices = [new DiskLike([8]), new DiskLike([8, 8])];
  const memory = GuestMemory.create(4 * 2 ** 20);
  const block = MachineBlock.create();
  const lines = createLines(devices);
  const raised: number[] = [];
  const interrupts = { line: (gsi: number) => ({ raise: () => void raised.push(gsi) }) };
  const warnings: string[] = [];
  describeVirtio(devices, block);
  const io = new VirtioIo({
    devices,
    block,
    lines,
    interrupts,
    memory,
    counts: newCounts(),
    log: { warn: (text) => warnings.push(text) },
  });
  const epoll = new Epoll("the test's main loop");
  io.watch(epoll, FIRST_TOKEN);
  const wake = EventFd.attach(lines.wake, "wake");
  const drivers = devices.map((_, slot) => {
    const { kicks } = lines.virtio[slot]!;
    const mmio = new VirtioMmio(virtioState(block, slot), kicks.map(line), line(lines.wake));
    return new FakeDriver({ mmio, memory }, 0x1_0000 + slot * 0x1_0000);
  });
  return {
    devices,
    lines,
    raised,
    block,
    warnings,
    drivers,
    /** The main loop, until nothing is left to do. */
    loop(): void {
      for (let events = 1; events > 0; ) {
        if (wake.take()) io.serve();
        events = epoll.wait(0);
        for (let i = 0; i < events; i++) io.ready(epoll.token(i) - FIRST_TOKEN);
      }
    },
  };
}

describe("virtio devices in the main loop", () => {
  test("are brought up by a wake, kicked by their queues' descriptors, and hear of their own", () => {
    const { devices, drivers, raised, loop } = machine();
    const [, disk] = devices;
    const [, driver] = drivers;
    driver!.start();
    loop();
    driver!.queues[1]!.add({ address: BUFFER, length: 16, writable: true });
    driver!.queues[1]!.kick();
    loop();
    expect(disk!.flights.length).toBe(1);
    disk!.done.signal();
    loop();
    expect(driver!.queues[1]!.takeUsed()).toEqual([{ id: 0, length: 16 }]);
    expect(raised).toEqual([GSI.virtio[1]]);
  });

  test("that are at rest have their own descriptors read, so that none keeps the thread awake", () => {
    const { devices, loop } = machine();
    devices[0]!.done.signal();
    loop();
    expect(devices[0]!.done.take()).toBe(false);
  });

  test("that break say so in the log, and leave the others alone", () => {
    const { devices, drivers, warnings, loop } = machine();
    for (const driver of drivers) driver.start();
    loop();
    devices[0]!.throws = { process: new Error("oh") };
    drivers[0]!.queue.kick();
    loop();
    expect(warnings).toEqual(["slow: failed: oh: its driver has to reset it"]);
    const needsReset = drivers.map(({ status }) => (status & Status.DEVICE_NEEDS_RESET) !== 0);
    expect(needsReset).toEqual([true, false]);
  });

  test("have windows of their own on a vCPU's bus, all of which are on the same registers", () => {
    const { block, lines } = machine();
    const buses = [0, 1].map(() => {
      const bus = new MmioBus(MMIO.bootTimer, 15);
      attachVirtio(bus, block, lines, new MachineState(block.part("control")));
      return bus;
    });
    const access = (bus: MmioBus, slot: number, register: number, value?: number): number => {
      const bytes = new Uint8Array(8);
      if (value !== undefined) bytes[0] = value;
      const at = { mmioAddress: MMIO.virtio + slot * MMIO.windowSize + register, mmioLength: 4, mmioDataOffset: 0 };
      bus.serve({ bytes, ...at, mmioIsWrite: value !== undefined } as Parameters<MmioBus["serve"]>[0]);
      return new DataView(bytes.buffer).getUint32(0, true);
    };
    access(buses[0]!, 1, 0x070, Status.ACKNOWLEDGE);
    expect([0, 1, 2].map((slot) => access(buses[1]!, slot, 0x070))).toEqual([0, Status.ACKNOWLEDGE, 0xffff_ffff]);
    expect(access(buses[1]!, 0, 0x000)).toBe(0x7472_6976);
  });
});
