import { describe, expect, test } from "bun:test";
import { FCR, IER, IIR, LSR, MCR, Register } from "../../../../src/devices/serial/registers.ts";
import { RING_BYTES } from "../../../../src/devices/serial/state.ts";
import { ascii, patterned } from "../support.ts";
import { LinuxDriver, Port } from "./linux-driver.ts";

const { RBR_THR_DLL: DATA } = Register;
const BURST = 256;

function opened(options: { readonly hold?: boolean } = {}): LinuxDriver {
  const driver = new LinuxDriver(new Port(options));
  driver.open();
  driver.serveInterrupts();
  return driver;
}

/** Feeds everything as the I/O thread does, on a clock that moves only where it says it would sleep. */
function paste(driver: LinuxDriver, bytes: Uint8Array): void {
  const { port } = driver;
  for (let rest = bytes; ; ) {
    rest = rest.subarray(port.backend.feed(rest));
    const sleep = port.backend.pump();
    driver.serveInterrupts();
    if (sleep !== Infinity) port.now += sleep;
    else if (port.wake.take() === 0) {
      expect(rest.length).toBe(0);
      return;
    }
  }
}

describe("the receiver", () => {
  test("input raises an interrupt, once, and is read in order", () => {
    const driver = opened();
    driver.port.feed(ascii("ls\r"));
    expect(driver.port.interrupt.raised).toBe(1);
    driver.serveInterrupts();
    expect(driver.received).toEqual([...ascii("ls\r")]);
    expect(driver.port.in(Register.LSR) & LSR.DR).toBe(0);
  });

  test("a polling guest finds it without interrupts", () => {
    const port = new Port();
    port.out(Register.MCR, MCR.RTS);
    port.feed(ascii("ab"));
    const read: number[] = [];
    while (port.in(Register.LSR) & LSR.DR) read.push(port.in(DATA));
    expect(read).toEqual([...ascii("ab")]);
    expect(port.interrupt.raised).toBe(0);
  });

  test("input waits for RTS: before the port is open, and while the terminal is throttled", () => {
    const driver = new LinuxDriver();
    driver.port.feed(ascii("before"));
    expect(driver.port.in(Register.LSR) & LSR.DR).toBe(0);
    driver.open();
    driver.serveInterrupts();
    expect(driver.received).toEqual([...ascii("before")]);

    driver.throttle();
    driver.port.backend.pump();
    driver.port.now += 10;
    driver.port.feed(ascii("-after"));
    driver.serveInterrupts();
    expect(driver.received.length).toBe(6);
    driver.unthrottle();
    driver.serveInterrupts();
    expect(driver.received).toEqual([...ascii("before-after")]);
  });

  test("input held back is released in one go, to a driver that has been ready for long", () => {
    const driver = opened({ hold: true });
    driver.port.feed(ascii("typed ahead"));
    driver.serveInterrupts();
    expect(driver.received).toEqual([]);
    driver.port.serial.release();
    driver.serveInterrupts();
    expect(driver.received).toEqual([...ascii("typed ahead")]);
  });

  test("the ring takes so much type-ahead, and refuses the rest", () => {
    const port = new Port();
    expect(port.feed(new Uint8Array(RING_BYTES + 10))).toBe(RING_BYTES);
    expect(port.backend.room).toBe(0);
    expect(port.feed(ascii("x"))).toBe(0);
  });

  test("a paste arrives whole, in bursts that let the interrupt handler return", () => {
    const driver = opened();
    const bytes = patterned(1 << 20);
    paste(driver, bytes);
    expect(Buffer.from(driver.received as number[]).equals(bytes)).toBe(true);
    // A burst is one pass of the handler: it never gives up with input left, whose edge would then be gone.
    expect(driver.longestInterrupt).toBe(1);
    expect(driver.interrupts).toBeGreaterThanOrEqual(bytes.length / BURST);
  });

  test("after a burst the guest rests for a millisecond, after a silence it gets a key at once", () => {
    const driver = opened();
    const { port } = driver;
    port.feed(new Uint8Array(BURST + 1));
    driver.serveInterrupts();
    expect(driver.received.length).toBe(BURST);
    expect(port.wake.take()).toBe(1);
    expect(port.backend.pump()).toBe(1);
    port.now += 0.25;
    expect(port.backend.pump()).toBe(0.75);
    port.now += 0.75;
    expect(port.backend.pump()).toBe(Infinity);
    driver.serveInterrupts();
    expect(driver.received.length).toBe(BURST + 1);
    port.backend.pump();

    port.now += 1000;
    port.feed(ascii("k"));
    driver.serveInterrupts();
    expect(driver.received.at(-1)).toBe(ascii("k")[0]!);
  });

  test("the I/O thread is woken when the guest has read a burst, not by every byte", () => {
    const driver = opened();
    const { port } = driver;
    port.feed(ascii("abc"));
    port.in(DATA);
    port.in(DATA);
    expect(port.wake.take()).toBe(0);
    port.in(DATA);
    expect(port.wake.take()).toBe(1);
    port.in(DATA);
    expect(port.wake.take()).toBe(0);
  });

  test("clearing the FIFO loses no more than a FIFO holds, and nothing while RTS is off", () => {
    const driver = opened();
    const { port } = driver;
    port.feed(patterned(100));
    driver.throttle();
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE | FCR.RCVR_FIFO_RESET);
    port.out(Register.IIR_FCR, 0);
    driver.unthrottle();
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE);
    driver.serveInterrupts();
    expect(driver.received).toEqual([...patterned(100).subarray(16)]);
  });

  test("clearing the FIFO down to nothing wakes who feeds it", () => {
    const driver = opened();
    driver.port.feed(ascii("noise"));
    driver.port.out(Register.IIR_FCR, FCR.FIFO_ENABLE | FCR.RCVR_FIFO_RESET);
    expect(driver.port.wake.take()).toBe(1);
    expect(driver.port.in(Register.LSR) & LSR.DR).toBe(0);
  });
});

describe("a break", () => {
  test("comes after all that was fed before it, however many bursts that takes", () => {
    const driver = opened();
    driver.port.backend.feed(patterned(1000));
    expect(driver.port.backend.feedBreak()).toBe(true);
    paste(driver, new Uint8Array(0));
    expect(driver.received).toEqual([...patterned(1000), "BREAK"]);
  });

  test("is a zero byte, a line status interrupt, and a mark that a read of the status clears", () => {
    const driver = opened();
    const { port } = driver;
    port.backend.feedBreak();
    expect(port.in(Register.IER_DLM)).toBe(IER.ELSI | IER.ERBFI);
    expect(port.in(Register.IIR_FCR) & 0x0f).toBe(IIR.LINE_STATUS);
    expect(port.in(Register.LSR) & ~0x60).toBe(LSR.DR | LSR.BI | LSR.FIFO_ERROR);
    expect(port.in(Register.LSR) & ~0x60).toBe(LSR.DR);
    expect(port.in(Register.IIR_FCR) & 0x0f).toBe(IIR.DATA_AVAILABLE);
    expect(port.in(DATA)).toBe(0);
    expect(port.in(Register.LSR) & ~0x60).toBe(0);
  });

  test("holds back what comes after it until it is read", () => {
    const driver = opened();
    const { port } = driver;
    port.backend.feedBreak();
    expect(port.backend.feedBreak()).toBe(false);
    expect([port.backend.room, port.feed(ascii("x"))]).toEqual([0, 0]);
    driver.serveInterrupts();
    expect(port.wake.take()).toBe(1);
    port.now += 1;
    paste(driver, ascii("x"));
    expect(driver.received).toEqual(["BREAK", ...ascii("x")]);
  });

  test("waits for RTS like everything else", () => {
    const driver = new LinuxDriver();
    driver.port.backend.feedBreak();
    driver.startup();
    expect(driver.port.in(Register.LSR) & LSR.BI).toBe(0);
    driver.open();
    driver.serveInterrupts();
    expect(driver.received).toEqual(["BREAK"]);
  });
});
