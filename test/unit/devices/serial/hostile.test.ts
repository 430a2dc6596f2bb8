import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { IER, MCR, Register } from "../../../../src/devices/serial/registers.ts";
import { Serial } from "../../../../src/devices/serial/serial.ts";
import { RING_BYTES } from "../../../../src/devices/serial/state.ts";
import { patternAt, patterned } from "../support.ts";
import { LinuxDriver, Port } from "./linux-driver.ts";

const FLOOD = 100 * 1024 * 1024;
const { RBR_THR_DLL: DATA } = Register;

describe("a hostile guest or peer at the serial port", () => {
  test("100 MB of output that nobody takes stall nobody and take no memory", () => {
    const { serial, backend, interrupt, wake, state } = new Port();
    for (let i = 0; i < FLOOD; i++) serial.write(DATA, 1, patternAt(i));
    expect(backend.dropped).toBe(FLOOD - RING_BYTES);
    expect(state.byteLength).toBe(Serial.STATE_BYTES);
    expect([interrupt.raised, wake.raised]).toEqual([0, 0]);
    expect(backend.readable()).toEqual(patterned(RING_BYTES));
  }, 120_000);

  test("100 MB of input wait at the door of a guest that does not read", () => {
    const port = new Port();
    port.out(Register.MCR, MCR.RTS);
    port.out(Register.IER_DLM, IER.ERBFI);
    const chunk = new Uint8Array(1 << 20);
    let taken = 0;
    for (let i = 0; i < 100; i++) {
      taken += port.feed(chunk);
      port.now += 1000;
    }
    expect(taken).toBe(RING_BYTES);
    expect(port.interrupt.raised).toBe(1);
  });

  test("a guest that only flips its interrupt enables raises no more than an edge an access", () => {
    const port = new Port();
    for (let i = 0; i < 1000; i++) port.out(Register.IER_DLM, i & 1 ? 0x0f : 0);
    expect(port.interrupt.raised).toBe(500);
  });

  test("whatever registers are accessed, values fit, edges stay rare, memory around is untouched, and Linux finds the port", () => {
    const access = fc.record({
      isRead: fc.boolean(),
      register: fc.nat(8),
      size: fc.constantFrom(1, 2, 4),
      value: fc.nat(0xffff_ffff),
    });
    const input = fc.record({ feed: fc.nat(700), isBreak: fc.boolean(), takes: fc.nat(100), later: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: access }, input), { maxLength: 300 }), (steps) => {
        const guard = 256;
        const port = new Port({ guard });
        for (const step of steps) {
          if ("feed" in step) {
            port.now += step.later;
            port.feed(new Uint8Array(step.feed));
            if (step.isBreak) port.backend.feedBreak();
            port.backend.consume(step.takes);
          } else if (step.isRead) {
            const value = port.serial.read(step.register, step.size);
            expect(Number.isInteger(value) && value >= 0 && value < 256 ** step.size).toBe(true);
          } else {
            port.serial.write(step.register, step.size, step.value);
          }
        }
        // An access makes one edge at most, and so do a feed, a break and a drain.
        expect(port.interrupt.raised).toBeLessThanOrEqual(3 * steps.length);
        expect(port.wake.raised).toBeLessThanOrEqual(steps.length);
        expect(new Uint8Array(port.state, Serial.STATE_BYTES, guard).every((byte) => byte === 0)).toBe(true);

        // Nothing a guest did may wedge the port for the next one.
        port.out(Register.LCR, 0);
        port.out(Register.MCR, 0);
        const driver = new LinuxDriver(port);
        expect(driver.autoconfig()).toBe("16550A");
        expect(driver.startup()).toEqual({ thre: false, txen: false });
      }),
    );
  });
});
