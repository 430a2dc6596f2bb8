import { expect, test } from "bun:test";
import { PatientSink } from "../../../../src/machine/console/patient-sink.ts";

/** stdout with so much room, and a clock. */
function setUp(room: number) {
  const world = { room, now: 1000, took: 0 };
  const write = (bytes: Uint8Array): number => {
    const count = Math.min(bytes.length, world.room);
    world.room -= count;
    world.took += count;
    return count;
  };
  return { world, sink: new PatientSink({ write }, () => world.now) };
}

const BYTES = new Uint8Array(10);

test("gives all to a stdout that takes it", () => {
  const { world, sink } = setUp(100);
  expect([sink.write(BYTES), world.took]).toEqual([10, 10]);
});

test("a stdout that is only slow gets all", () => {
  const { world, sink } = setUp(4);
  expect([sink.write(BYTES), sink.write(BYTES)]).toEqual([4, 0]);
  for (let i = 0; i < 10; i++) {
    world.now += 40;
    world.room = 1;
    expect([sink.write(BYTES), sink.write(BYTES)]).toEqual([1, 0]);
  }
  expect([world.took, sink.dropped]).toEqual([14, 0]);
});

test("one that has stopped makes the guest wait once, and is tried again each time", () => {
  const { world, sink } = setUp(0);
  expect([sink.write(BYTES), sink.patience()]).toEqual([0, 50]);
  world.now += 30;
  expect([sink.write(BYTES), sink.patience()]).toEqual([0, 20]);
  world.now += 20;
  expect([sink.write(BYTES), sink.write(BYTES), sink.dropped]).toEqual([10, 10, 20]);
  world.room = 100;
  expect([sink.write(BYTES), world.took, sink.dropped]).toEqual([10, 10, 20]);
  world.room = 0;
  expect(sink.write(BYTES)).toBe(0);
});

test("who comes to ask when the time is over is to write again at once", () => {
  const { world, sink } = setUp(0);
  expect(sink.write(BYTES)).toBe(0);
  world.now += 60;
  expect([sink.patience(), sink.write(BYTES)]).toEqual([0, 10]);
});
