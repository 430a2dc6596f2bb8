import { expect, test } from "bun:test";
import { Pvpanic } from "../../../../src/devices/pvpanic/pvpanic.ts";
import { RecordedEvents } from "../support.ts";

function device() {
  const events = new RecordedEvents();
  return { events, pvpanic: new Pvpanic(events) };
}

test("a panic without a crash kernel ends the guest, with one it does not", () => {
  const { events, pvpanic } = device();
  // Linux's driver masks what it sends by what it read.
  const capability = pvpanic.read(0, 1) & 3;
  expect(capability).toBe(3);
  pvpanic.write(0, 1, capability & 2);
  expect(events.ends).toEqual([]);
  pvpanic.write(0, 1, capability & 1);
  expect(events.ends).toEqual(["panic"]);
});

test("events that it does not offer are ignored", () => {
  const { events, pvpanic } = device();
  pvpanic.write(0, 1, 0xfc);
  expect(events.ends).toEqual([]);
});

test("wider accesses act on the low byte, and the rest of a read is all ones", () => {
  const { events, pvpanic } = device();
  pvpanic.write(0, 4, 0x0101_0100);
  expect(events.ends).toEqual([]);
  expect([pvpanic.read(0, 2), pvpanic.read(0, 4)]).toEqual([0xff03, 0xffff_ff03]);
});
