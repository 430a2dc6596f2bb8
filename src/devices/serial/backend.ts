import type { InterruptLine } from "../device.ts";
import { settleInterrupt } from "./interrupts.ts";
import { Rest, RX_BURST_BYTES, TX_BURST_BYTES } from "./pace.ts";
import { isDrained } from "./receiver.ts";
import { FIFO_BYTES } from "./registers.ts";
import { Break, SerialState, Word } from "./state.ts";
import { offerThrEmpty } from "./transmitter.ts";

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
  readonly #inputRest = new Rest();
  readonly #outputRest = new Rest();
  /** A burst of input is on its way to the guest, or of output from it: its end begins a rest. */
  #inputBurst = false;
  #outputBurst = true;

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

  /** Whether input is held back until the guest says that its console is ready: see `Serial.release`. */
  get isHeld(): boolean {
    return Atomics.load(this.#state.words, Word.HOLD) === 1;
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
   * Lets the next bursts go, of input to the guest and of output from it, where the last is done and its rest is over.
   * @returns milliseconds after which to call again; Infinity when a wake will come first, or nothing is to be done
   */
  pump(): number {
    const now = this.#now();
    this.#state.lock.acquire();
    const wait = Math.min(this.#pumpInput(now), this.#pumpOutput(now));
    this.#unlock();
    return wait;
  }

  #pumpInput(now: number): number {
    const { words, rx } = this.#state;
    if (!isDrained(this.#state)) {
      this.#inputBurst = true;
      words[Word.RX_WAKE] = 1;
      return Infinity;
    }
    if (this.#inputBurst) this.#inputRest.begin(now);
    this.#inputBurst = false;
    const waiting = rx.level;
    if (waiting === 0) return Infinity;
    const left = this.#inputRest.left(now);
    if (left > 0) return left;
    words[Word.RX_ARRIVED] = Math.min(waiting, RX_BURST_BYTES);
    words[Word.RX_WAKE] = 1;
    this.#inputBurst = true;
    return Infinity;
  }

  /** No wake is needed when a burst ends: its last byte is output, for which this thread wakes anyway. */
  #pumpOutput(now: number): number {
    const { words } = this.#state;
    if (words[Word.TX_BURST]! < TX_BURST_BYTES) return Infinity;
    if (this.#outputBurst) this.#outputRest.begin(now);
    this.#outputBurst = false;
    const left = this.#outputRest.left(now);
    if (left > 0) return left;
    words[Word.TX_BURST] = 0;
    this.#outputBurst = true;
    offerThrEmpty(this.#state);
    return Infinity;
  }

  /** Releases the lock, then interrupts the guest if what has changed asks for it. */
  #unlock(): void {
    const rose = settleInterrupt(this.#state);
    this.#state.lock.release();
    if (rose) this.#interrupt.raise();
  }
}
