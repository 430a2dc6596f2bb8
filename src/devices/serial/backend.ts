import type { InterruptLine } from "../device.ts";
import { settleInterrupt } from "./interrupts.ts";
import { isDrained } from "./receiver.ts";
import { FIFO_BYTES } from "./registers.ts";
import { Break, SerialState, Word } from "./state.ts";
import { offerThrEmpty } from "./transmitter.ts";

/**
 * Input arrives at the guest in bursts of at most so many bytes, with a rest after each.
 *
 * Linux's driver reads in its interrupt handler for as long as data is ready, at two exits a byte. An endless supply
 * would keep it there: its deferred work, which hands the bytes on and throttles us, would never run, the terminal's
 * buffer would overflow and the paste be torn. A real chip is saved by its baud rate. The burst is what one pass of that
 * handler reads; the rest, in milliseconds, is ample for what the kernel does with it.
 */
const BURST_BYTES = 256;
const REST_MS = 1;

/**
 * The I/O thread's side of the serial port.
 *
 * Its loop: after a wake, take `readable` and `consume` it; `feed` what is to be fed. Before it sleeps, `pump` says for
 * how long it may, and `sleep` whether it may.
 */
export class SerialBackend {
  readonly #state: SerialState;
  readonly #interrupt: InterruptLine;
  readonly #now: () => number;
  #burstIsOut = false;
  #restUntil = -Infinity;

  /** @param now milliseconds of a clock that never goes back */
  constructor(state: ArrayBuffer, interrupt: InterruptLine, now: () => number) {
    this.#state = new SerialState(state);
    this.#interrupt = interrupt;
    this.#now = now;
  }

  /** Output that waits to be taken, as far as it lies in one piece: a view, good until `consume`. */
  readable(): Uint8Array {
    return this.#state.tx.readable();
  }

  /** Takes output. Interrupts the guest if it has been waiting for room. */
  consume(count: number): void {
    const { words, tx, lock } = this.#state;
    tx.consume(count);
    if (tx.room < FIFO_BYTES || Atomics.load(words, Word.TX_STARVED) === 0) return;
    lock.acquire();
    Atomics.store(words, Word.TX_STARVED, 0);
    // Not simply due: another vCPU's polling writer may have filled the ring again.
    offerThrEmpty(this.#state);
    this.#unlock();
  }

  /**
   * Announces that this thread sleeps until there is output: the next byte wakes it.
   * @returns false when there is some already, and nothing was announced
   */
  sleep(): boolean {
    const { words, tx } = this.#state;
    Atomics.store(words, Word.TX_WAKE, 1);
    if (tx.level === 0) return true;
    Atomics.store(words, Word.TX_WAKE, 0);
    return false;
  }

  /** Output bytes that a polling guest lost because nobody took them, modulo 2^32. */
  get dropped(): number {
    return Atomics.load(this.#state.words, Word.DROPPED) >>> 0;
  }

  /** Bytes that `feed` would take now: none while a break is on its way. */
  get room(): number {
    return Atomics.load(this.#state.words, Word.BREAK) === Break.NONE ? this.#state.rx.room : 0;
  }

  /** Queues input. The guest sees it by `pump`. @returns how many bytes were taken, from the first */
  feed(bytes: Uint8Array): number {
    return this.#state.rx.pushMany(bytes.subarray(0, this.room));
  }

  /** Queues a break, after everything fed so far. @returns false when one is on its way already */
  feedBreak(): boolean {
    const { words, lock } = this.#state;
    lock.acquire();
    const isFirst = words[Word.BREAK] === Break.NONE;
    if (isFirst) {
      words[Word.BREAK] = Break.COMING;
      words[Word.RX_WAKE] = 1;
    }
    this.#unlock();
    return isFirst;
  }

  /**
   * Lets the next burst of input arrive, if the last was read and its rest is over.
   * @returns milliseconds after which to call again; Infinity when a wake will come first, or nothing is queued
   */
  pump(): number {
    const { words, rx, lock } = this.#state;
    const now = this.#now();
    lock.acquire();
    if (!isDrained(this.#state)) {
      this.#burstIsOut = true;
      words[Word.RX_WAKE] = 1;
      lock.release();
      return Infinity;
    }
    if (this.#burstIsOut) {
      this.#burstIsOut = false;
      this.#restUntil = now + REST_MS;
    }
    const waiting = rx.level;
    const due = waiting > 0 && now >= this.#restUntil;
    if (due) {
      words[Word.RX_ARRIVED] = Math.min(waiting, BURST_BYTES);
      words[Word.RX_WAKE] = 1;
      this.#burstIsOut = true;
    }
    this.#unlock();
    return waiting > 0 && !due ? this.#restUntil - now : Infinity;
  }

  /** Releases the lock, then interrupts the guest if what has changed asks for it. */
  #unlock(): void {
    const rose = settleInterrupt(this.#state);
    this.#state.lock.release();
    if (rose) this.#interrupt.raise();
  }
}
