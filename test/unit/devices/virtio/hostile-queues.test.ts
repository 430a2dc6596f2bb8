import { describe, expect, test } from "bun:test";
import { VIRTQ_DESC_F_NEXT as NEXT, VIRTQ_DESC_F_WRITE as WRITE } from "../../../../src/devices/virtio/queue/layout.ts";
import { RngDevice } from "../../../../src/devices/virtio/rng/device.ts";
import { Register, Status } from "../../../../src/devices/virtio/transport/registers.ts";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import { GIB } from "../../../../src/memory/regions.ts";
import { FakeDriver } from "../../../support/virtio/driver.ts";
import { VirtioRig } from "../../../support/virtio/rig.ts";
import { BUFFER, Guest, RAM } from "./support.ts";

const INDIRECT = 4;

/** Sets the queue up as `change` wants it, and says DRIVER_OK. */
function activateWith(change: (driver: FakeDriver) => void): Guest {
  const guest = new Guest();
  guest.driver.negotiate();
  guest.driver.setUpQueues();
  change(guest.driver);
  guest.driver.addStatus(Status.DRIVER_OK);
  guest.rig.turn();
  return guest;
}

describe("a queue that can't be used leaves the device in need of a reset:", () => {
  const writeSize = (size: number) => (driver: FakeDriver) => driver.writeQueue(0, Register.QueueNum, size);
  const place = (part: "descriptorTable" | "avail" | "used", address: number | bigint) => (driver: FakeDriver) => {
    driver.queue[part] = address;
    driver.queue.writeRegisters();
  };

  test.each<[string, (driver: FakeDriver) => void, string]>([
    ["size 0", writeSize(0), "the size is no power of two"],
    ["size 3", writeSize(3), "the size is no power of two"],
    ["size 512", writeSize(512), "the size is over the maximum"],
    ["size 2^31", writeSize(2 ** 31), "the size is over the maximum"],
    ["a misaligned descriptor table", place("descriptorTable", 0x1_0008), "a ring is misaligned"],
    ["a misaligned available ring", place("avail", 0x1_8001), "a ring is misaligned"],
    ["a misaligned used ring", place("used", 0x1_8002), "a ring is misaligned"],
    ["a descriptor table outside RAM", place("descriptorTable", RAM), "a ring is not in one piece of RAM"],
    ["an available ring whose end is outside RAM", place("avail", RAM - 16), "a ring is not in one piece of RAM"],
    ["a used ring in an MMIO window", place("used", 0xc000_1000), "a ring is not in one piece of RAM"],
    ["a used ring that wraps 64 bits", place("used", 2n ** 64n - 4n), "a ring is not in one piece of RAM"],
    [
      "a table whose low half alone is RAM",
      place("descriptorTable", 2n ** 32n + 0x1_0000n),
      "a ring is not in one piece of RAM",
    ],
    [
      "a table whose high half is huge",
      place("descriptorTable", ((2n ** 31n) << 32n) + 0x1_0000n),
      "a ring is not in one piece of RAM",
    ],
    ["used ring over the table", place("used", 0x1_0000), "rings overlap"],
    ["available ring in the table's last entry", place("avail", 0x1_0ff0), "rings overlap"],
  ])("%s", (_, change, reason) => {
    using guest = activateWith(change);
    expect(guest.rig.reports).toEqual([`rng: can't be activated: queue 0: ${reason}: its driver has to reset it`]);
    guest.expectNeedsReset();
    guest.expectRecovery();
  });

  test("across the hole below 4 GiB", () => {
    using memory = GuestMemory.create(4 * GIB);
    const rig = new VirtioRig(new RngDevice(), memory);
    const driver = new FakeDriver(rig);
    driver.negotiate();
    driver.setUpQueues();
    driver.queue.descriptorTable = 3 * GIB - 16;
    driver.queue.writeRegisters();
    driver.addStatus(Status.DRIVER_OK);
    rig.turn();
    expect(driver.status & Status.DEVICE_NEEDS_RESET).not.toBe(0);
  });

  test("two queues in the same memory", () => {
    class TwoQueues extends RngDevice {
      override readonly queueSizes = [256, 256];
    }
    using memory = GuestMemory.create(RAM);
    const rig = new VirtioRig(new TwoQueues(), memory);
    const driver = new FakeDriver(rig);
    driver.negotiate();
    driver.setUpQueues();
    driver.queues[1]!.used = driver.queues[0]!.used;
    driver.queues[1]!.writeRegisters();
    driver.addStatus(Status.DRIVER_OK);
    rig.turn();
    expect(rig.reports).toEqual(["rng: can't be activated: rings overlap: its driver has to reset it"]);
    driver.start();
    rig.turn();
    expect(driver.status & Status.DEVICE_NEEDS_RESET).toBe(0);
  });
});

describe("a queue", () => {
  test("that is not ready is not there: nothing is served, nothing breaks", () => {
    using guest = activateWith((driver) => driver.writeQueue(0, Register.QueueReady, 0));
    guest.queue.add({ address: BUFFER, length: 64, writable: true });
    guest.kick();
    expect([guest.driver.status & Status.DEVICE_NEEDS_RESET, guest.queue.usedIdx]).toEqual([0, 0]);
    guest.expectRecovery();
  });

  test("of a single entry works", () => {
    using guest = Guest.started({ size: 1 });
    guest.expectWorking();
    guest.expectWorking();
  });
});

describe("a broken chain goes back with nothing written, and the queue goes on:", () => {
  const chains: [string, (guest: Guest) => void][] = [
    [
      "a loop of one",
      ({ queue }) => queue.setDescriptor(0, { address: BUFFER, length: 1, flags: NEXT | WRITE, next: 0 }),
    ],
    [
      "a loop of two",
      ({ queue }) => {
        queue.setDescriptor(0, { address: BUFFER, length: 1, flags: NEXT | WRITE, next: 1 });
        queue.setDescriptor(1, { address: BUFFER, length: 1, flags: NEXT | WRITE, next: 0 });
      },
    ],
    ["a loop of nothing", ({ queue }) => queue.setDescriptor(0, { flags: NEXT, next: 0 })],
    [
      "a next field at the size",
      ({ queue }) => queue.setDescriptor(0, { address: BUFFER, length: 1, flags: NEXT, next: 256 }),
    ],
    [
      "a next field of 65535",
      ({ queue }) => queue.setDescriptor(0, { address: BUFFER, length: 1, flags: NEXT, next: 65535 }),
    ],
    ["a buffer past RAM", ({ queue }) => queue.setDescriptor(0, { address: RAM, length: 1, flags: WRITE })],
    [
      "a buffer one byte past the end of RAM",
      ({ queue }) => queue.setDescriptor(0, { address: RAM - 63, length: 64, flags: WRITE }),
    ],
    [
      "a buffer that wraps 64 bits",
      ({ queue }) => queue.setDescriptor(0, { address: 2n ** 64n - 8n, length: 64, flags: WRITE }),
    ],
    [
      "a buffer whose low half alone is RAM",
      ({ queue }) => queue.setDescriptor(0, { address: 2n ** 32n + BigInt(BUFFER), length: 64, flags: WRITE }),
    ],
    [
      "an address that rounds to RAM's end as a number",
      ({ queue }) => queue.setDescriptor(0, { address: 2n ** 63n + 1n, length: 64, flags: WRITE }),
    ],
    [
      "a buffer in an MMIO window",
      ({ queue }) => queue.setDescriptor(0, { address: 0xc000_1000, length: 64, flags: WRITE }),
    ],
    [
      "an indirect descriptor, never offered",
      ({ queue }) => queue.setDescriptor(0, { address: BUFFER, length: 16, flags: INDIRECT }),
    ],
    [
      "a readable buffer after a writable one",
      ({ queue }) => {
        queue.setDescriptor(0, { address: BUFFER, length: 1, flags: NEXT | WRITE, next: 1 });
        queue.setDescriptor(1, { address: BUFFER, length: 1 });
      },
    ],
  ];

  test.each(chains)("%s", (_, lay) => {
    using guest = Guest.started();
    lay(guest);
    guest.queue.offer(0);
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    expect(guest.driver.takeInterrupt()).toBe(1);
    guest.expectWorking();
    guest.expectRecovery();
  });

  test("one longer than the queue", () => {
    using guest = Guest.started({ size: 4 });
    for (let i = 0; i < 4; i++)
      guest.queue.setDescriptor(i, { address: BUFFER, length: 1, flags: NEXT | WRITE, next: (i + 1) % 4 });
    guest.queue.offer(2);
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 2, length: 0 }]);
    guest.expectWorking();
    guest.expectRecovery();
  });

  test("a total of 2^32 bytes", () => {
    using memory = GuestMemory.create(GIB);
    const rig = new VirtioRig(new RngDevice(), memory);
    const driver = new FakeDriver(rig);
    driver.start();
    const quarter = { address: 0, length: 2 ** 30, writable: true };
    const tooLong = driver.queue.add(quarter, quarter, quarter, quarter);
    const longest = driver.queue.add(quarter, quarter, quarter, {
      ...quarter,
      address: 0x100_0000,
      length: 2 ** 30 - 0x100_0000,
    });
    driver.queue.setDescriptor(longest, {
      address: 0x100_0000,
      length: 2 ** 29,
      flags: NEXT | WRITE,
      next: longest + 1,
    });
    driver.queue.kick();
    rig.turn();
    expect(driver.queue.takeUsed()).toEqual([
      { id: tooLong, length: 0 },
      { id: longest, length: 65536 },
    ]);
    expect(driver.status & Status.DEVICE_NEEDS_RESET).toBe(0);
  });
});

describe("legal, however odd:", () => {
  test("a buffer that ends exactly at the end of RAM", () => {
    using guest = Guest.started();
    guest.queue.add({ address: RAM - 64, length: 64, writable: true });
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 64 }]);
    guest.expectWorking();
  });

  test("buffers without a byte, wherever they are", () => {
    using guest = Guest.started();
    const nothing = { address: 2n ** 64n - 1n, length: 0 };
    guest.queue.add(nothing, { address: BUFFER, length: 8, writable: true }, nothing, { ...nothing, writable: true });
    guest.queue.add(nothing);
    guest.kick();
    expect(guest.queue.takeUsed().map(({ length }) => length)).toEqual([8, 0]);
    guest.expectWorking();
  });

  test("address 0", () => {
    using guest = Guest.started();
    guest.queue.add({ address: 0, length: 8, writable: true });
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 8 }]);
    guest.expectWorking();
  });

  test("a chain as long as the queue", () => {
    using guest = Guest.started();
    guest.queue.add(...Array.from({ length: 256 }, (_, i) => ({ address: BUFFER + i, length: 1, writable: true })));
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 256 }]);
    guest.expectWorking();
  });
});
