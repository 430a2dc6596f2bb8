import { expect, test } from "bun:test";
import { ExitStatusPort } from "../../../../src/devices/exit/exit.ts";
import { RecordedEvents } from "../support.ts";

function port() {
  const events = new RecordedEvents();
  return { events, port: new ExitStatusPort(events) };
}

test("a byte of 1 to 255 is the status to exit with", () => {
  const { port: exit, events } = port();
  for (let status = 0; status < 256; status++) exit.write(0, 1, status);
  expect(events.statuses).toEqual(Array.from({ length: 255 }, (_, i) => i + 1));
});

test("writing a status does not end the guest", () => {
  const { port: exit, events } = port();
  exit.write(0, 1, 7);
  expect(events.ends).toEqual([]);
});

test("wider writes act on the low byte", () => {
  const { port: exit, events } = port();
  exit.write(0, 2, 0x0107);
  exit.write(0, 4, 0x0101_0108);
  exit.write(0, 4, 0x0101_0100);
  expect(events.statuses).toEqual([7, 8]);
});

test("it reads as all ones", () => {
  const { port: exit } = port();
  expect([1, 2, 4].map((size) => exit.read(0, size))).toEqual([0xff, 0xffff, 0xffff_ffff]);
});
