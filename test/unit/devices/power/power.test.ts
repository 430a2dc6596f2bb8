import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PowerPorts } from "../../../../src/devices/power/power.ts";
import { RecordedEvents } from "../support.ts";

const SLEEP_CONTROL = 0;
const SLEEP_STATUS = 1;
const RESET = 2;

function power(guard = 0) {
  const events = new RecordedEvents();
  const state = new ArrayBuffer(PowerPorts.STATE_BYTES + guard);
  return { events, state, ports: new PowerPorts(state, events) };
}

describe("the power registers", () => {
  test("entering S5 as ACPICA does powers off", () => {
    const { ports, events } = power();
    ports.write(SLEEP_STATUS, 1, 0x80);
    ports.write(SLEEP_CONTROL, 1, (5 << 2) | 0x20);
    expect(events.ends).toEqual(["poweroff"]);
  });

  test("S5 without the enable bit does nothing", () => {
    const { ports, events } = power();
    ports.write(SLEEP_CONTROL, 1, 5 << 2);
    expect(events.ends).toEqual([]);
  });

  test("any other sleep type is over at once, so that nobody spins on the wake bit", () => {
    for (const type of [0, 1, 2, 3, 4, 6, 7]) {
      const { ports, events } = power();
      expect(ports.read(SLEEP_STATUS, 1)).toBe(0);
      ports.write(SLEEP_CONTROL, 1, (type << 2) | 0x20);
      expect(events.ends).toEqual([]);
      expect(ports.read(SLEEP_STATUS, 1)).toBe(0x80);
      ports.write(SLEEP_STATUS, 1, 0x00);
      expect(ports.read(SLEEP_STATUS, 1)).toBe(0x80);
      ports.write(SLEEP_STATUS, 1, 0x80);
      expect(ports.read(SLEEP_STATUS, 1)).toBe(0);
    }
  });

  test("the reset register resets on its value and on no other", () => {
    const { ports, events } = power();
    for (const value of [0, 2, 0x06, 0xff]) ports.write(RESET, 1, value);
    expect(events.ends).toEqual([]);
    ports.write(RESET, 1, 1);
    expect(events.ends).toEqual(["reset"]);
  });

  test("wider accesses act on the low byte, and the rest of a read is all ones", () => {
    const { ports, events } = power();
    ports.write(SLEEP_CONTROL, 4, 0x0001_0100);
    expect(events.ends).toEqual([]);
    expect([ports.read(SLEEP_CONTROL, 2), ports.read(3, 1), ports.read(3, 4)]).toEqual([0xff00, 0xff, 0xffff_ffff]);
  });

  test("whatever is accessed, values fit and memory around is untouched", () => {
    const access = fc.tuple(fc.nat(3), fc.constantFrom(1, 2, 4), fc.option(fc.nat(0xffff_ffff)));
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        const { ports, events, state } = power(64);
        for (const [offset, size, value] of accesses) {
          if (value !== null) ports.write(offset, size, value);
          else expect(ports.read(offset, size)).toBeLessThan(256 ** size);
        }
        expect(events.ends.length).toBeLessThanOrEqual(accesses.length);
        expect(new Uint8Array(state, PowerPorts.STATE_BYTES).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });
});
