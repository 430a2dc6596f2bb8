/** A disk that is held to a rate, by a clock of the test's. */
import { expect, test } from "bun:test";
import { BlkDevice } from "../../../../../src/devices/virtio/blk/device.ts";
import { Disk } from "../../../../../src/devices/virtio/blk/disk.ts";
import { SyncEngine } from "../../../../../src/devices/virtio/blk/engine/sync.ts";
import { RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { openDisk } from "../../../../../src/devices/virtio/blk/open.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { FakeAlarm } from "../../../../support/virtio/fake-alarm.ts";
import { DATA, DiskRig, driveOf, Folder, pattern, RAM, STATUS } from "./support.ts";

test("starts so many requests, and the others when their time has come", () => {
  using folder = new Folder();
  using memory = GuestMemory.create(RAM);
  const drive = driveOf(folder.file("a", pattern(64)), { num_queues: 2 });
  const disk = new Disk(drive, openDisk(drive));
  const alarm = new FakeAlarm();
  const device = new BlkDevice({
    disk,
    queues: 2,
    createEngine: ({ length }) => new SyncEngine(disk.file, length),
    limits: { ops: { size: 4, one_time_burst: 0, refill_time: 1000 } },
    alarm,
    now: alarm.now,
  });
  using rig = new DiskRig(device, memory, 0x1_0000);
  rig.driver.start();
  rig.rig.turn();
  for (const [q, queue] of rig.driver.queues.entries()) {
    for (let i = 0; i < 5; i++) {
      const at = q * 16 + i;
      const data = { address: DATA + at * 512, length: 512, writable: true };
      queue.add(rig.header(RequestType.IN, at, 0x12_0000 + at * 16), data, rig.status(STATUS + at));
    }
    queue.kick();
  }
  const done = () => {
    for (const { ready } of device.throttle.sources) rig.rig.backend.run(ready);
    rig.rig.finish();
    return device.counters.reads;
  };
  expect(done()).toBe(4);
  // Kicks don't help.
  rig.driver.queues[0]!.kick();
  expect(done()).toBe(4);
  expect(device.counters.throttles).toBe(1);
  // A token every 250 ms.
  for (const expected of [5, 6, 7, 8, 9, 10]) {
    alarm.time += 250e6;
    expect(done()).toBe(expected);
  }
  expect(rig.driver.queues.map((queue) => queue.takeUsed().length)).toEqual([5, 5]);
});
