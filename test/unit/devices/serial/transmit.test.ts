import { describe, expect, test } from "bun:test";
import { IER, IIR, LSR, Register } from "../../../../src/devices/serial/registers.ts";
import { RING_BYTES } from "../../../../src/devices/serial/state.ts";
import { ascii, patterned } from "../support.ts";
import { LinuxDriver, Port } from "./linux-driver.ts";

const { RBR_THR_DLL: DATA } = Register;

function opened(): LinuxDriver {
  const driver = new LinuxDriver();
  driver.open();
  driver.serveInterrupts();
  driver.port.wake.take();
  return driver;
}

/** A port whose ring a polling writer has filled to the last byte. */
function stuck(): LinuxDriver {
  const driver = opened();
  driver.consoleWrite(new Uint8Array(RING_BYTES));
  return driver;
}

/** Serves interrupts and ends rests until the driver has nothing to send, or waits for something else. */
function sendAll(driver: LinuxDriver): void {
  driver.serveInterrupts();
  for (let sleep = driver.port.backend.pump(); sleep !== Infinity; sleep = driver.port.backend.pump()) {
    driver.port.now += sleep;
    driver.port.backend.pump();
    driver.serveInterrupts();
  }
}

describe("the transmitter", () => {
  test("output comes out in order, from the kernel's log and from user space", () => {
    const driver = opened();
    driver.consoleWrite(ascii("[    0.000000] Linux\n"));
    driver.write(ascii("login: "));
    driver.serveInterrupts();
    expect(driver.port.drain()).toEqual([...ascii("[    0.000000] Linux\nlogin: ")]);
  });

  test("the interrupt comes when THR is empty, and goes by reading the identification", () => {
    const port = new Port();
    port.out(Register.IER_DLM, IER.ETBEI);
    expect(port.interrupt.take()).toBe(1);
    expect([port.in(Register.IIR_FCR), port.in(Register.IIR_FCR)]).toEqual([IIR.THR_EMPTY, IIR.NONE]);
    port.out(DATA, 1);
    expect(port.interrupt.take()).toBe(1);
    expect(port.in(Register.IIR_FCR)).toBe(IIR.THR_EMPTY);
  });

  test("enabling the interrupt makes it due again, keeping it enabled does not", () => {
    const port = new Port();
    port.out(Register.IER_DLM, IER.ETBEI);
    port.in(Register.IIR_FCR);
    port.out(Register.IER_DLM, IER.ETBEI | IER.ERBFI);
    expect(port.in(Register.IIR_FCR)).toBe(IIR.NONE);
    port.out(Register.IER_DLM, 0);
    port.out(Register.IER_DLM, IER.ETBEI);
    expect(port.in(Register.IIR_FCR)).toBe(IIR.THR_EMPTY);
  });

  test("a FIFO full of bytes costs one edge", () => {
    const port = new Port();
    port.out(Register.IER_DLM, IER.ETBEI);
    port.in(Register.IIR_FCR);
    port.interrupt.take();
    for (let i = 0; i < 16; i++) port.out(DATA, i);
    expect(port.interrupt.take()).toBe(1);
  });

  test("with the interrupt disabled no byte raises one", () => {
    const port = new Port();
    for (let i = 0; i < 100; i++) port.out(DATA, i);
    expect(port.interrupt.raised).toBe(0);
  });

  test("a sleeping I/O thread is woken once, by the first byte", () => {
    const driver = opened();
    const { port } = driver;
    expect(port.backend.sleep()).toBe(true);
    driver.consoleWrite(ascii("hello"));
    expect(port.wake.take()).toBe(1);
    port.drain();
    driver.consoleWrite(ascii("not asleep"));
    expect(port.wake.take()).toBe(0);
  });

  test("the I/O thread may not sleep on output", () => {
    const driver = opened();
    driver.consoleWrite(ascii("x"));
    expect(driver.port.backend.sleep()).toBe(false);
    driver.consoleWrite(ascii("y"));
    expect(driver.port.wake.take()).toBe(0);
  });

  test("a driver that waits for interrupts loses nothing to a reader that stops and goes on", () => {
    const driver = opened();
    const { port } = driver;
    const sent = patterned(5 * RING_BYTES);
    const got: number[] = [];
    driver.write(sent);
    while (got.length < sent.length) {
      driver.serveInterrupts();
      const piece = port.backend.readable().slice(0, 3000);
      got.push(...piece);
      port.backend.consume(piece.length);
      const sleep = port.backend.pump();
      if (piece.length === 0) expect(sleep).toBeLessThanOrEqual(1);
      if (sleep !== Infinity) port.now += sleep;
    }
    expect(Buffer.from(got).equals(sent)).toBe(true);
    expect(port.backend.dropped).toBe(0);
  });

  test("when the ring is full, who waits for interrupts sees THR full, who polls sees it empty", () => {
    const { port } = stuck();
    expect(port.in(Register.LSR) & (LSR.THRE | LSR.TEMT)).toBe(LSR.THRE | LSR.TEMT);
    port.out(Register.IER_DLM, IER.ETBEI);
    expect(port.in(Register.LSR) & (LSR.THRE | LSR.TEMT)).toBe(0);
    expect(port.in(Register.IIR_FCR) & 0x0f).toBe(IIR.NONE);
  });

  test("a polling writer never spins: what does not fit is dropped and counted", () => {
    const driver = stuck();
    driver.consoleWrite(ascii("too much"));
    expect(driver.port.backend.dropped).toBe(8);
    expect(driver.port.drain().length).toBe(RING_BYTES);
    driver.consoleWrite(ascii("again"));
    expect(driver.port.drain()).toEqual([...ascii("again")]);
  });

  test("a waiting guest is interrupted once there is room for a whole FIFO, not before", () => {
    const driver = stuck();
    const { port } = driver;
    driver.write(ascii("waits"));
    port.interrupt.take();
    port.backend.consume(15);
    expect(port.interrupt.take()).toBe(0);
    port.backend.consume(1);
    expect(port.interrupt.raised).toBe(1);
    driver.serveInterrupts();
    expect(driver.xmit).toEqual([]);
    expect(port.drain().slice(-5)).toEqual([...ascii("waits")]);
  });

  test("a log line that fills the ring again does not cost a waiting guest its interrupt", () => {
    const driver = stuck();
    const { port } = driver;
    driver.write(ascii("user"));
    port.backend.consume(100);
    driver.consoleWrite(new Uint8Array(100));
    driver.serveInterrupts();
    expect(driver.xmit.length).toBe(4);
    port.drain();
    driver.serveInterrupts();
    expect(driver.xmit).toEqual([]);
  });

  test("an endless supply lets the interrupt handler return for a millisecond after 4096 bytes", () => {
    const driver = opened();
    const { port } = driver;
    driver.write(new Uint8Array(10_000));
    driver.serveInterrupts();
    expect(driver.longestInterrupt).toBe(4096 / 16);
    expect(port.drain().length).toBe(4096);
    driver.serveInterrupts();
    expect(port.drain()).toEqual([]);
    expect(port.backend.pump()).toBe(1);
    port.now += 0.5;
    expect(port.backend.pump()).toBe(0.5);
    port.now += 0.5;
    expect(port.backend.pump()).toBe(Infinity);
    driver.serveInterrupts();
    expect(port.drain().length).toBe(4096);
    sendAll(driver);
    expect(port.drain().length).toBe(10_000 - 2 * 4096);
  });

  test("the kernel's log neither rests nor counts for a rest", () => {
    const driver = opened();
    driver.consoleWrite(new Uint8Array(10_000));
    expect(driver.port.backend.pump()).toBe(Infinity);
    driver.write(new Uint8Array(4000));
    driver.serveInterrupts();
    expect(driver.xmit.length).toBe(0);
    expect(driver.port.drain().length).toBe(14_000);
  });

  test("draining what nobody waits for raises nothing", () => {
    const driver = stuck();
    driver.port.interrupt.take();
    driver.port.drain();
    expect(driver.port.interrupt.raised).toBe(0);
  });
});
