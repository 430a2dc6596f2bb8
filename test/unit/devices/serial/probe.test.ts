import { describe, expect, test } from "bun:test";
import { FCR, LCR, Register } from "../../../../src/devices/serial/registers.ts";
import { ascii } from "../support.ts";
import { LinuxDriver, Port } from "./linux-driver.ts";

describe("Linux's probes of the serial port", () => {
  test("find a 16550A and none of its many variants", () => {
    expect(new LinuxDriver().autoconfig()).toBe("16550A");
  });

  test("find it again after a driver has used it", () => {
    const driver = new LinuxDriver();
    driver.open();
    expect(new LinuxDriver(driver.port).autoconfig()).toBe("16550A");
  });

  test("count 16 bytes of FIFO by loopback, and none of them gets out", () => {
    const driver = new LinuxDriver();
    expect(driver.sizeFifo()).toBe(16);
    expect(driver.port.drain()).toEqual([]);
  });

  test("see the transmitter's interrupt reasserted: no THRE and no TXEN bug", () => {
    expect(new LinuxDriver().startup()).toEqual({ thre: false, txen: false });
  });

  test("see no bug either while nobody takes the output", () => {
    const driver = new LinuxDriver();
    driver.consoleWrite(new Uint8Array(100_000));
    expect(driver.startup()).toEqual({ thre: false, txen: false });
  });

  test("find a divisor they can divide by", () => {
    const port = new Port();
    port.out(Register.LCR, LCR.DLAB);
    expect(port.in(Register.RBR_THR_DLL) | (port.in(Register.IER_DLM) << 8)).toBe(1);
  });

  test("lose no input that came before", () => {
    const driver = new LinuxDriver();
    driver.port.feed(ascii("early bird"));
    driver.autoconfig();
    driver.port.out(Register.IIR_FCR, FCR.FIFO_ENABLE | FCR.RCVR_FIFO_RESET);
    driver.open();
    driver.serveInterrupts();
    expect(driver.received).toEqual([...ascii("early bird")]);
  });
});
