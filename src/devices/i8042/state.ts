/** The keyboard controller's memory, which every thread has its own view on. */
import { SpinLock } from "../lock.ts";
import { Ctr } from "./registers.ts";

/**
 * Most bytes the keyboard holds for a guest that does not read them. With the controller's own answer that is 16: a
 * controller out of which more can be read at once is none, by Linux's probe.
 */
export const QUEUE_BYTES = 15;

/** The 32-bit words of the block. All is touched with the lock held. */
export const Word = {
  LOCK: 0,
  /** The control register. */
  CTR: 1,
  /** Command whose argument is awaited at port 0x60; 0 for none. */
  COMMAND: 2,
  /** The controller's answer to a command: 0 for none, else `ANSWER`, the byte, and status bits in the second byte. */
  ANSWER: 3,
  /** Status.CMDDAT. */
  LAST_WRITE: 4,
  /** Level of the interrupt output. */
  INTERRUPT: 5,
  /** Keyboard command whose argument is awaited; 0 for none. */
  KEYBOARD_COMMAND: 6,
  /** The keyboard has been told not to send keys. */
  KEYBOARD_DISABLED: 7,
  /** The keyboard's last byte, for RESEND. */
  LAST_SENT: 8,
  QUEUE_LEVEL: 9,
  QUEUE: 10,

  /** Accesses of the guest's, and resets it asked for, modulo 2^32. */
  READS: 16,
  WRITES: 17,
  RESETS: 18,
} as const;

export const ANSWER = 0x1_0000;
export const I8042_STATE_BYTES = 128;

/** As firmware would leave it: the keyboard on, translated, its interrupt enabled; no mouse. */
const POWER_ON_CTR = Ctr.KBDINT | Ctr.SYS | Ctr.AUXDIS | Ctr.XLATE;

export class I8042State {
  readonly words: Int32Array;
  readonly lock: SpinLock;
  /** The keyboard's bytes on their way to the controller, the next one first. */
  readonly queue: Uint8Array;

  constructor(state: ArrayBuffer) {
    this.words = new Int32Array(state, 0, I8042_STATE_BYTES / 4);
    this.lock = new SpinLock(this.words, Word.LOCK);
    this.queue = new Uint8Array(state, Word.QUEUE * 4, QUEUE_BYTES);
  }

  /** Power-on state of a zeroed block. Once a machine, before any thread runs. */
  static reset(state: ArrayBuffer): void {
    new Int32Array(state, 0, I8042_STATE_BYTES / 4)[Word.CTR] = POWER_ON_CTR;
  }
}
