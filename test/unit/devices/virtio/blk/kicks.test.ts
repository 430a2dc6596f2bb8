/** Kicks, each an exit of the guest's, that a busy disk saves. */
import { expect, test } from "bun:test";
import { EventFd } from "../../../../../ffi/eventfd.ts";
import { BlkDevice } from "../../../../../src/devices/virtio/blk/device.ts";
import { Disk } from "../../../../../src/devices/virtio/blk/disk.ts";
import type { DiskEngine, Operation } from "../../../../../src/devices/virtio/blk/engine/operation.ts";
import { RequestType } from "../../../../../src/devices/virtio/blk/layout.ts";
import { openDisk } from "../../../../../src/devices/virtio/blk/open.ts";
import { COMMON_FEATURES, featureSet, VIRTIO_F_VERSION_1 } from "../../../../../src/devices/virtio/features.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { DATA, DiskRig, driveOf, Folder, pattern, RAM, STATUS } from "./support.ts";

/** Operations come home when the test says so. */
class SlowEngine implements DiskEngine {
  readonly name = "io_uring";
  readonly #wake = EventFd.create("a slow disk");
  readonly #started: Operation[] = [];
  readonly #home: Operation[] = [];

  get fd(): number {
    return this.#wake.number;
  }

  /** The oldest of those under way come home. */
  land(count: number): void {
    this.#home.push(...this.#started.splice(0, count));
    this.#wake.signal();
  }

  get underWay(): number {
    return this.#started.length;
  }

  woken(): void {
    this.#wake.take();
  }

  push(operation: Operation): void {
    this.#started.push(operation);
  }

  flush(): boolean {
    return false;
  }

  next(): Operation | undefined {
    const operation = this.#home.shift();
    if (operation) operation.result = operation.length;
    return operation;
  }

  replaceFile(): void {}

  [Symbol.dispose](): void {
    this.#wake[Symbol.dispose]();
  }
}

function setUp(folder: Folder, memory: GuestMemory, features: bigint) {
  const drive = driveOf(folder.file("a", pattern(64)));
  const disk = new Disk(drive, openDisk(drive));
  const engine = new SlowEngine();
  const rig = new DiskRig(new BlkDevice({ disk, queues: 1, createEngine: () => engine }), memory, 0x1_0000);
  rig.driver.start({ features });
  rig.rig.turn();
  let added = 0;
  /** Adds requests as a driver does that kicks only where that is wanted. @returns how often it kicked */
  const add = (count: number): number => {
    let kicks = 0;
    for (let i = 0; i < count; i++) {
      const at = added++ % 32;
      const before = rig.queue.availIdx;
      const data = { address: DATA + at * 512, length: 512, writable: true };
      rig.queue.add(rig.header(RequestType.IN, at, 0x12_0000 + at * 16), data, rig.status(STATUS + at));
      if (!rig.queue.wantsKick(before)) continue;
      kicks++;
      rig.queue.kick();
      rig.rig.turn();
    }
    return kicks;
  };
  const land = (count: number): number => {
    engine.land(count);
    rig.rig.turn();
    return rig.queue.takeUsed().length;
  };
  return { rig, engine, add, land };
}

test.each([
  ["by event index", COMMON_FEATURES],
  ["by flags", featureSet(VIRTIO_F_VERSION_1)],
])("with enough under way no kick is asked for, and what is new is found when one comes home: %s", (_, features) => {
  using folder = new Folder();
  using memory = GuestMemory.create(RAM);
  const { rig, engine, add, land } = setUp(folder, memory, features);
  using _rig = rig;
  expect(add(8)).toBe(8);
  expect(engine.underWay).toBe(8);
  expect(add(12)).toBe(0);
  expect(engine.underWay).toBe(8);
  expect(land(1)).toBe(1);
  expect(engine.underWay).toBe(19);
  // Until fewer are left: from then on each new one is heard of at once.
  expect(land(11)).toBe(11);
  expect(add(1)).toBe(0);
  expect(land(3)).toBe(3);
  expect(engine.underWay).toBe(6);
  expect(add(1)).toBe(1);
  expect(engine.underWay).toBe(7);
  expect(land(7)).toBe(7);
  expect(add(1)).toBe(1);
  expect(land(1)).toBe(1);
});

test("a reset while no kick is asked for leaves a queue that hears every kick", () => {
  using folder = new Folder();
  using memory = GuestMemory.create(RAM);
  const { rig, engine, add, land } = setUp(folder, memory, COMMON_FEATURES);
  using _rig = rig;
  expect(add(10)).toBe(8);
  rig.driver.reset();
  rig.rig.turn();
  engine.land(8);
  rig.rig.turn();
  rig.driver.start({ features: COMMON_FEATURES });
  rig.rig.turn();
  expect(add(1)).toBe(1);
  expect(land(1)).toBe(1);
});
