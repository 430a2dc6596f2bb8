import { asRead } from "../byte-port.ts";
import type { InterruptLine, PortDevice } from "../device.ts";
import { interruptSource, settleInterrupt } from "./interrupts.ts";
import { readModemStatus, setModemControl } from "./modem.ts";
import { isDrained, readReceiverStatus, receive, resetReceiverFifo } from "./receiver.ts";
import { FCR, IER, IIR, LCR, Register } from "./registers.ts";
import { SERIAL_STATE_BYTES, SerialState, Word } from "./state.ts";
import { offerThrEmpty, transmit, transmitterStatus } from "./transmitter.ts";

/**
 * The guest's side of a 16550A serial port: eight ports of one byte. `SerialBackend` is the other side.
 *
 * The chip's INTR output is not gated by MCR.OUT2: that gate is a part of the PC's board, and drivers that expect it set
 * OUT2 anyway.
 */
export class Serial implements PortDevice {
  static readonly STATE_BYTES = SERIAL_STATE_BYTES;
  static readonly reset = SerialState.reset;

  readonly #state: SerialState;
  readonly #interrupt: InterruptLine;
  readonly #wake: InterruptLine;

  /** @param wake raised when the I/O thread sleeps and has something to do: take output, or feed more input */
  constructor(state: ArrayBuffer, interrupt: InterruptLine, wake: InterruptLine) {
    this.#state = new SerialState(state);
    this.#interrupt = interrupt;
    this.#wake = wake;
  }

  read(offset: number, size: number): number {
    this.#state.lock.acquire();
    const byte = this.#readRegister(offset);
    this.#finish();
    return asRead(byte, size);
  }

  write(offset: number, _size: number, value: number): void {
    this.#state.lock.acquire();
    this.#writeRegister(offset, value & 0xff);
    this.#finish();
  }

  /**
   * Lets input held back since `reset` through: whoever reads it has made its terminal ready. The I/O thread is told in any
   * case, as it may have held back another console's.
   */
  release(): void {
    this.#state.lock.acquire();
    this.#state.words[Word.HOLD] = 0;
    this.#finish();
    this.#wake.raise();
  }

  /** Releases the lock, then tells whoever must know of what has changed. */
  #finish(): void {
    const { words, lock } = this.#state;
    const rose = settleInterrupt(this.#state);
    const wantsInput = words[Word.RX_WAKE] === 1 && isDrained(this.#state);
    if (wantsInput) words[Word.RX_WAKE] = 0;
    lock.release();
    if (rose) this.#interrupt.raise();
    if (wantsInput || this.#hasSleepingReader()) this.#wake.raise();
  }

  /** Whether there is output and the I/O thread sleeps. By exchange: of several vCPUs one wakes it. */
  #hasSleepingReader(): boolean {
    const { words, tx } = this.#state;
    return Atomics.load(words, Word.TX_WAKE) === 1 && tx.level > 0 && Atomics.exchange(words, Word.TX_WAKE, 0) === 1;
  }

  #readRegister(offset: number): number {
    const state = this.#state;
    const { words } = state;
    switch (offset) {
      case Register.RBR_THR_DLL:
        return isDivisorLatch(words) ? words[Word.DIVISOR]! & 0xff : receive(state);
      case Register.IER_DLM:
        return isDivisorLatch(words) ? words[Word.DIVISOR]! >> 8 : words[Word.IER]!;
      case Register.IIR_FCR:
        return this.#readInterruptIdentification();
      case Register.LCR:
        return words[Word.LCR]!;
      case Register.MCR:
        return words[Word.MCR]!;
      case Register.LSR:
        return readReceiverStatus(state) | transmitterStatus(state);
      case Register.MSR:
        return readModemStatus(state);
      case Register.SCR:
        return words[Word.SCR]!;
      default:
        return 0xff;
    }
  }

  #writeRegister(offset: number, byte: number): void {
    const state = this.#state;
    const { words } = state;
    switch (offset) {
      case Register.RBR_THR_DLL:
        if (isDivisorLatch(words)) words[Word.DIVISOR] = (words[Word.DIVISOR]! & 0xff00) | byte;
        else transmit(state, byte);
        return;
      case Register.IER_DLM:
        if (isDivisorLatch(words)) words[Word.DIVISOR] = (words[Word.DIVISOR]! & 0xff) | (byte << 8);
        else this.#enableInterrupts(byte);
        return;
      case Register.IIR_FCR:
        this.#controlFifos(byte);
        return;
      case Register.LCR:
        words[Word.LCR] = byte;
        return;
      case Register.MCR:
        setModemControl(state, byte);
        return;
      case Register.SCR:
        words[Word.SCR] = byte;
    }
  }

  /** Reading IIR settles the transmitter's interrupt, if that is what it tells of. */
  #readInterruptIdentification(): number {
    const { words } = this.#state;
    const source = interruptSource(this.#state);
    if (source === IIR.THR_EMPTY) words[Word.THRE_DUE] = 0;
    return source | (words[Word.FIFOS_ENABLED] === 1 ? IIR.FIFOS_ENABLED : 0);
  }

  /** Enabling the transmitter's interrupt makes it due at once if THR is empty: drivers start to write this way. */
  #enableInterrupts(ier: number): void {
    const { words } = this.#state;
    const newly = ier & ~words[Word.IER]!;
    words[Word.IER] = ier & IER.MASK;
    if (newly & IER.ETBEI) offerThrEmpty(this.#state);
  }

  /** The transmitter FIFO's reset has nothing to do: what is in the ring has left the chip. */
  #controlFifos(fcr: number): void {
    const { words } = this.#state;
    const enabled = fcr & FCR.FIFO_ENABLE;
    // The other bits count only together with the enable bit, whose change empties the FIFOs by itself.
    if (enabled !== words[Word.FIFOS_ENABLED] || (enabled && fcr & FCR.RCVR_FIFO_RESET)) resetReceiverFifo(this.#state);
    words[Word.FIFOS_ENABLED] = enabled;
  }
}

function isDivisorLatch(words: Int32Array): boolean {
  return (words[Word.LCR]! & LCR.DLAB) !== 0;
}
