import { expect, test } from "bun:test";
import { SystemControlPort } from "../../../../src/devices/i8042/system-control.ts";
import { RecordedEvents } from "../support.ts";

test("bit 0 of system control port A resets the machine, the A20 bit does not", () => {
  const events = new RecordedEvents();
  const port = new SystemControlPort(events);
  port.write(0, 1, 0x02);
  port.write(0, 1, 0x00);
  expect(events.ends).toEqual([]);
  port.write(0, 1, 0x01);
  expect(events.ends).toEqual(["reset"]);
});

test("Linux's way to switch A20 on leaves the machine running and finds it on", () => {
  const events = new RecordedEvents();
  const port = new SystemControlPort(events);
  port.write(0, 1, (port.read(0, 1) | 0x02) & ~0x01);
  expect(port.read(0, 1)).toBe(0x02);
  expect(events.ends).toEqual([]);
});

test("wider accesses act on the low byte, and the rest of a read is all ones", () => {
  const events = new RecordedEvents();
  const port = new SystemControlPort(events);
  port.write(0, 2, 0x0100);
  expect(events.ends).toEqual([]);
  expect([port.read(0, 2), port.read(0, 4)]).toEqual([0xff02, 0xffff_ff02]);
});
