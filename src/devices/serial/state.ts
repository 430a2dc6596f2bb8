/** The serial port's memory, which every thread has its own view on. */
import { SpinLock } from "../lock.ts";
import { ByteRing } from "../ring.ts";
import { FIFO_BYTES } from "./registers.ts";

/** Capacity of each ring in bytes. */
export const RING_BYTES = 0x1_0000;

/** The 32-bit words of the block. */
export const Word = {
  LOCK: 0,
  /** Registers. */
  IER: 1,
  LCR: 2,
  MCR: 3,
  SCR: 4,
  /** DLM and DLL. */
  DIVISOR: 5,
  /** FCR bit 0. */
  FIFOS_ENABLED: 6,
  /** The low half of MSR: which lines have changed. */
  MSR_DELTA: 7,
  /** LSR.OE. Only in loopback: from outside nothing comes that does not fit. */
  OVERRUN: 8,
  /** The transmitter's interrupt is due, whether enabled or not. */
  THRE_DUE: 9,
  /** Level of the interrupt output. */
  INTERRUPT: 10,
  /** One of `Break`. */
  BREAK: 11,
  /** Bytes in the loopback FIFO. */
  LOOP_LEVEL: 12,
  /** 1 while input is held back until `Serial.release`. */
  HOLD: 13,
  /** Output bytes lost because nobody took them, modulo 2^32. */
  DROPPED: 14,

  /** Bytes of the receive ring that have arrived, as the guest sees it, and are unread. */
  RX_ARRIVED: 15,
  /** The I/O thread wants to be woken when the guest has read all that arrived. */
  RX_WAKE: 16,

  /** Atomic: THR was not empty, and the guest is owed an interrupt once it is. */
  TX_STARVED: 17,
  /** Atomic: the I/O thread sleeps, and the next byte of output wakes it. */
  TX_WAKE: 18,
  /** Bytes that a driver which waits for interrupts has sent since its last rest. */
  TX_BURST: 19,

  /** The loopback FIFO's bytes. */
  LOOP_FIFO: 20,
} as const;

/** A break on its way to the guest: a zero byte that is read with LSR.BI. */
export const Break = {
  NONE: 0,
  /** LSR has shown it, the zero byte is still to be read. */
  BYTE_LEFT: 1,
  COMING: 2,
} as const;

const WORDS_BYTES = 128;
const TX_OFFSET = WORDS_BYTES;
const RX_OFFSET = TX_OFFSET + ByteRing.stateBytes(RING_BYTES);
export const SERIAL_STATE_BYTES = RX_OFFSET + ByteRing.stateBytes(RING_BYTES);

/** What 115200 baud takes: firmware leaves the port so, and Linux divides by what it finds there. */
const POWER_ON_DIVISOR = 1;

/** One thread's view. All but the rings and the words called atomic is touched with the lock held, by either side. */
export class SerialState {
  readonly words: Int32Array;
  readonly lock: SpinLock;
  /** Output, from the guest to the I/O thread. */
  readonly tx: ByteRing;
  /** Input, from the I/O thread to the guest. */
  readonly rx: ByteRing;
  readonly loopFifo: Uint8Array;

  constructor(state: ArrayBuffer) {
    this.words = new Int32Array(state, 0, WORDS_BYTES / 4);
    this.lock = new SpinLock(this.words, Word.LOCK);
    this.tx = new ByteRing(state, TX_OFFSET, RING_BYTES);
    this.rx = new ByteRing(state, RX_OFFSET, RING_BYTES);
    this.loopFifo = new Uint8Array(state, Word.LOOP_FIFO * 4, FIFO_BYTES);
  }

  /**
   * Power-on state of a zeroed block. Once a machine, before any thread runs.
   * @param options hold: no input shows before `Serial.release`, not even to a driver that asserts RTS
   */
  static reset(state: ArrayBuffer, options: { readonly hold?: boolean } = {}): void {
    const words = new Int32Array(state, 0, WORDS_BYTES / 4);
    words[Word.DIVISOR] = POWER_ON_DIVISOR;
    words[Word.HOLD] = options.hold ? 1 : 0;
  }
}
