/** Several queues of one disk that want more than there is: of its limits, and of requests at once. */
import { describe, expect, test } from "bun:test";
import type { RateLimiterConfig } from "../../../../../src/config/devices.ts";
import { BlkDevice, type BlkOptions } from "../../../../../src/devices/virtio/blk/device.ts";
import { Disk } from "../../../../../src/devices/virtio/blk/disk.ts";
import type { DiskEngine, Operation } from "../../../../../src/devices/virtio/blk/engine/operation.ts";
import { SyncEngine } from "../../../../../src/devices/virtio/blk/engine/sync.ts";
import { RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { openDisk } from "../../../../../src/devices/virtio/blk/open.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { FakeAlarm } from "../../../../support/virtio/fake-alarm.ts";
import { DATA, DiskRig, driveOf, Folder, pattern, RAM, STATUS } from "./support.ts";

const SECTOR = 512;

/** Operations that are over when the test says so. */
class SlowEngine extends SyncEngine {
  readonly #underWay: Operation[] = [];
  readonly #over: Operation[] = [];

  override push(operation: Operation): void {
    this.#underWay.push(operation);
  }
  override flush(): boolean {
    return false;
  }
  override next(): Operation | undefined {
    return this.#over.shift();
  }
  finish(count: number): void {
    for (const operation of this.#underWay.splice(0, count)) {
      operation.result = operation.length;
      this.#over.push(operation);
    }
  }
}

/** A disk whose driver always has `depths` reads of `sectors` in each queue. */
class BusyDisk implements Disposable {
  readonly device: BlkDevice;
  readonly done: number[];
  readonly #folder = new Folder();
  readonly #memory = GuestMemory.create(RAM);
  readonly #rig: DiskRig;
  readonly #sectors: readonly number[];
  #added = 0;

  constructor(
    depths: readonly number[],
    createEngine: (disk: Disk, operations: readonly Operation[]) => DiskEngine,
    options: Partial<BlkOptions> = {},
    sectors: readonly number[] = depths.map(() => 1),
  ) {
    const queues = depths.length;
    const drive = driveOf(this.#folder.file("a", pattern(64)), { num_queues: queues });
    const disk = new Disk(drive, openDisk(drive));
    this.device = new BlkDevice({ disk, queues, createEngine: (all) => createEngine(disk, all), ...options });
    this.#rig = new DiskRig(this.device, this.#memory, 0x1_0000);
    this.#sectors = sectors;
    this.done = depths.map(() => 0);
    this.#rig.driver.start();
    this.turn();
    depths.forEach((depth, queue) => {
      this.#add(queue, depth);
    });
    this.turn();
  }

  turn(): void {
    this.#rig.rig.turn();
  }

  /** Something wakes the device; what is done is counted, and as much is asked for anew. */
  wake(ready: () => void): void {
    this.#rig.rig.backend.run(ready);
    this.turn();
    this.#rig.driver.queues.forEach((queue, index) => {
      const done = queue.takeUsed().length;
      this.done[index]! += done;
      if (done > 0) this.#add(index, done);
    });
    this.turn();
  }

  #add(index: number, count: number): void {
    const queue = this.#rig.driver.queues[index]!;
    const length = this.#sectors[index]! * SECTOR;
    for (let i = 0; i < count; i++) {
      const at = this.#added++ % 512;
      const data = { address: DATA + (at % 64) * SECTOR, length, writable: true };
      queue.add(this.#rig.header(RequestType.IN, 0, 0x12_0000 + at * 16), data, this.#rig.status(STATUS + at));
    }
    if (count > 0) queue.kick();
  }

  [Symbol.dispose](): void {
    this.#rig[Symbol.dispose]();
    this.#memory[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

describe("queues that are refilled all the time", () => {
  /** Reads of each queue in 100 s, by four wakes a second. */
  function underLimit(depths: readonly number[], limits: RateLimiterConfig, sectors?: readonly number[]): number[] {
    const alarm = new FakeAlarm();
    const engine = ({ file }: Disk, { length }: readonly Operation[]) => new SyncEngine(file, length);
    using disk = new BusyDisk(depths, engine, { limits, alarm, now: alarm.now }, sectors);
    for (let quarter = 0; quarter < 400; quarter++) {
      alarm.time += 250e6;
      for (const { ready } of disk.device.throttle.sources) disk.wake(ready);
    }
    return disk.done;
  }

  test.each([[[8, 8]], [[8, 0, 8, 8]], [[8, 1, 0, 8]]])("share a limit about equally: %p deep", (depths) => {
    const done = underLimit(depths, { ops: { size: 4, one_time_burst: 0, refill_time: 1000 } });
    const share = 400 / depths.filter((depth) => depth > 0).length;
    depths.forEach((depth, queue) => {
      if (depth === 0) expect(done[queue]).toBe(0);
      else expect(Math.abs(done[queue]! - share)).toBeLessThan(10);
    });
  });

  test("do not outrun one whose reads need the whole bucket", () => {
    const bandwidth = { size: 64 * SECTOR, one_time_burst: 0, refill_time: 1000 };
    const [small, large] = underLimit([8, 2], { bandwidth }, [1, 64]);
    expect(large).toBeGreaterThan(20);
    expect(small).toBeGreaterThan(20);
  });

  // What is under way takes 32 wakes: one that asks for no more than 4 at a time can have 250 in all.
  test.each([
    [
      [64, 64, 64, 64],
      [2000, 2000, 2000, 2000],
    ],
    [
      [64, 64, 64, 4],
      [2600, 2600, 2600, 230],
    ],
  ])("share the requests that a disk has at once: %p deep", (depths, shares) => {
    let engine: SlowEngine | undefined;
    const create = ({ file }: Disk, { length }: readonly Operation[]) => {
      engine = new SlowEngine(file, length);
      return engine;
    };
    using disk = new BusyDisk(depths, create);
    const { ready } = disk.device.sources[0]!;
    for (let time = 0; time < 2000; time++) {
      engine!.finish(4);
      disk.wake(ready);
    }
    expect(disk.device.counters.stalls).toBeGreaterThan(1000);
    disk.done.forEach((done, queue) => {
      const share = shares[queue]!;
      expect(Math.abs(done - share)).toBeLessThan(share / 10);
    });
    engine!.finish(1000);
    disk.wake(ready);
  });
});
