/** A thread of threads.test.ts: a guest that sends and receives by interrupts, as Linux's driver does. */
import { EPOLL, Epoll } from "../../../../ffi/epoll.ts";
import { EventFd } from "../../../../ffi/eventfd.ts";
import { memoryAt } from "../../../../ffi/memory.ts";
import { IER, IIR, LSR, MCR, Register } from "../../../../src/devices/serial/registers.ts";
import { Serial } from "../../../../src/devices/serial/serial.ts";
import { patternAt } from "../support.ts";

declare const self: Worker;

/** What the test tells the guest: where the block and the lines are, and how many bytes go each way. */
export interface GuestOrder {
  readonly address: number;
  readonly interrupt: number;
  readonly wake: number;
  readonly bytes: number;
}

/** How it went: bytes sent and received, and how many of the received were wrong. */
export interface GuestReport {
  readonly sent: number;
  readonly received: number;
  readonly wrong: number;
}

/** Nothing happens for so long only when an interrupt has been lost. */
const SILENCE_MS = 5000;

self.onmessage = ({ data }: MessageEvent<GuestOrder>) => self.postMessage(run(data));

function run({ address, interrupt, wake, bytes }: GuestOrder): GuestReport {
  const line = EventFd.attach(interrupt, "the test's interrupt line");
  const wakeLine = EventFd.attach(wake, "the test's wake line");
  const serial = new Serial(
    memoryAt(address, Serial.STATE_BYTES),
    { raise: () => line.signal() },
    { raise: () => wakeLine.signal() },
  );
  using epoll = new Epoll("the test's guest");
  epoll.add(interrupt, EPOLL.IN, 0);

  let sent = 0;
  let received = 0;
  let wrong = 0;
  serial.write(Register.MCR, 1, MCR.RTS);
  serial.write(Register.IER_DLM, 1, IER.ERBFI | IER.ETBEI);
  while (sent < bytes || received < bytes) {
    if (epoll.wait(SILENCE_MS) === 0) break;
    line.take();
    while ((serial.read(Register.IIR_FCR, 1) & IIR.NONE) === 0) {
      let lsr = serial.read(Register.LSR, 1);
      for (; lsr & LSR.DR; lsr = serial.read(Register.LSR, 1)) {
        if (serial.read(Register.RBR_THR_DLL, 1) !== patternAt(received++)) wrong++;
      }
      if ((lsr & LSR.THRE) === 0) continue;
      for (let left = 16; left > 0 && sent < bytes; left--) serial.write(Register.RBR_THR_DLL, 1, patternAt(sent++));
      if (sent === bytes) serial.write(Register.IER_DLM, 1, IER.ERBFI);
    }
  }
  return { sent, received, wrong };
}
