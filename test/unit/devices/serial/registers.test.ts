import { describe, expect, test } from "bun:test";
import { FCR, IER, IIR, LCR, LSR, MCR, MSR, Register } from "../../../../src/devices/serial/registers.ts";
import { Serial } from "../../../../src/devices/serial/serial.ts";
import { ascii, CountingLine } from "../support.ts";
import { Port } from "./linux-driver.ts";

const { RBR_THR_DLL: DATA } = Register;

function openPort(): Port {
  const port = new Port();
  port.out(Register.IIR_FCR, FCR.FIFO_ENABLE);
  port.out(Register.MCR, MCR.RTS);
  return port;
}

describe("the serial port's registers", () => {
  test("at power-on the transmitter is empty, nothing is pending, the peer is there", () => {
    const port = new Port();
    const values = [1, 2, 3, 4, 5, 6, 7].map((register) => port.in(register));
    expect(values).toEqual([0, IIR.NONE, 0, 0, LSR.THRE | LSR.TEMT, MSR.CTS | MSR.DSR | MSR.DCD, 0]);
    expect(port.interrupt.raised).toBe(0);
  });

  test("the divisor hides behind DLAB, data and interrupt enable before it", () => {
    const port = new Port();
    port.out(Register.IER_DLM, IER.ELSI);
    port.out(Register.LCR, LCR.DLAB | 0x03);
    port.out(DATA, 0x34);
    port.out(Register.IER_DLM, 0x12);
    expect([port.in(DATA), port.in(Register.IER_DLM)]).toEqual([0x34, 0x12]);
    port.out(Register.LCR, 0x03);
    expect([port.in(DATA), port.in(Register.IER_DLM), port.in(Register.LCR)]).toEqual([0, IER.ELSI, 0x03]);
    expect(port.drain()).toEqual([]);
  });

  test("bits that the chip has not read as zero", () => {
    const port = new Port();
    port.out(Register.IER_DLM, 0xff);
    port.out(Register.MCR, 0xff);
    port.out(Register.SCR, 0xa5);
    expect([port.in(Register.IER_DLM), port.in(Register.MCR), port.in(Register.SCR)]).toEqual([0x0f, 0x1f, 0xa5]);
  });

  test("line and modem status cannot be written", () => {
    const port = new Port();
    port.out(Register.LSR, 0xff);
    port.out(Register.MSR, 0xff);
    expect([port.in(Register.LSR), port.in(Register.MSR)]).toEqual([0x60, 0xb0]);
  });

  test("the identification tells whether the FIFOs are enabled", () => {
    const port = new Port();
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE);
    expect(port.in(Register.IIR_FCR)).toBe(IIR.FIFOS_ENABLED | IIR.NONE);
    port.out(Register.IIR_FCR, 0xfe);
    expect(port.in(Register.IIR_FCR)).toBe(IIR.NONE);
  });

  test("of several interrupts the identification tells the one of the highest priority", () => {
    const port = openPort();
    port.out(Register.MCR, MCR.RTS | MCR.LOOP | MCR.DTR);
    port.out(Register.MCR, MCR.RTS);
    port.out(Register.IER_DLM, 0x0f);
    port.backend.feedBreak();
    const source = () => port.in(Register.IIR_FCR) & 0x0f;
    expect(source()).toBe(IIR.LINE_STATUS);
    port.in(Register.LSR);
    expect(source()).toBe(IIR.DATA_AVAILABLE);
    port.in(DATA);
    expect(source()).toBe(IIR.THR_EMPTY);
    expect(source()).toBe(IIR.MODEM_STATUS);
    port.in(Register.MSR);
    expect(source()).toBe(IIR.NONE);
  });

  test("in loopback the modem outputs are its inputs, and changes are marked until read", () => {
    const port = new Port();
    port.out(Register.MCR, MCR.LOOP);
    expect(port.in(Register.MSR)).toBe(MSR.DCTS | MSR.DDSR | MSR.DDCD);
    for (const [mcr, msr] of [
      [MCR.RTS, MSR.CTS | MSR.DCTS],
      [MCR.DTR, MSR.DSR | MSR.DDSR | MSR.DCTS],
      [MCR.OUT1, MSR.RI | MSR.DDSR],
      [MCR.OUT2, MSR.DCD | MSR.DDCD | MSR.TERI],
    ] as const) {
      port.out(Register.MCR, MCR.LOOP | mcr);
      expect(port.in(Register.MSR)).toBe(msr);
      expect(port.in(Register.MSR)).toBe(msr & 0xf0);
    }
  });

  test("in loopback bytes come back, none gets out and none comes in", () => {
    const port = openPort();
    port.out(Register.MCR, MCR.RTS | MCR.LOOP);
    port.feed(ascii("from outside"));
    port.out(DATA, 0x41);
    port.out(DATA, 0x42);
    expect([port.in(DATA), port.in(DATA), port.in(Register.LSR) & LSR.DR]).toEqual([0x41, 0x42, 0]);
    expect(port.drain()).toEqual([]);
    port.out(Register.MCR, MCR.RTS);
    expect(port.in(DATA)).toBe(ascii("f")[0]!);
  });

  test("a byte too many in loopback is lost and is an overrun error, once", () => {
    const port = openPort();
    port.out(Register.MCR, MCR.LOOP);
    for (let i = 0; i < 17; i++) port.out(DATA, i);
    expect(port.in(Register.LSR) & LSR.OE).toBe(LSR.OE);
    expect(port.in(Register.LSR) & LSR.OE).toBe(0);
    expect(Array.from({ length: 17 }, () => port.in(DATA))).toEqual([...Array(16).keys(), 0]);
  });

  test("wider accesses act on the low byte, and the rest of a read is all ones", () => {
    const port = new Port();
    port.serial.write(Register.SCR, 4, 0x1234_5678);
    expect(port.serial.read(Register.SCR, 1)).toBe(0x78);
    expect(port.serial.read(Register.SCR, 2)).toBe(0xff78);
    expect(port.serial.read(Register.SCR, 4)).toBe(0xffff_ff78);
  });

  test("every thread's object shows the same registers", () => {
    const port = new Port();
    const other = new Serial(port.state, new CountingLine(), new CountingLine());
    other.write(Register.SCR, 1, 0x5a);
    other.write(DATA, 1, 0x21);
    expect(port.in(Register.SCR)).toBe(0x5a);
    expect(port.drain()).toEqual([0x21]);
  });
});
