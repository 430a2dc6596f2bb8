import { schedYield } from "../../ffi/sched.ts";

const FREE = 0;
const HELD = 1;
/** Tries before the CPU is offered to whoever holds the lock: longer than any device keeps it while it runs. */
const SPINS = 200;

/**
 * A spin lock in a 32-bit word that threads share. What it guards is a few register accesses, and nobody throws, waits
 * or calls the kernel while holding it, so a thread that has to spin long is one whose holder lost its CPU.
 */
export class SpinLock {
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #relax: () => void;

  /** @param relax called between rounds of tries, to let the holder run */
  constructor(words: Int32Array, index: number, relax: () => void = schedYield) {
    this.#words = words;
    this.#index = index;
    this.#relax = relax;
  }

  acquire(): void {
    if (Atomics.compareExchange(this.#words, this.#index, FREE, HELD) !== FREE) this.#contend();
  }

  release(): void {
    Atomics.store(this.#words, this.#index, FREE);
  }

  #contend(): void {
    for (;;) {
      for (let i = 0; i < SPINS; i++) {
        // Looking before swapping: a swap that fails would still take the cache line from the holder.
        if (Atomics.load(this.#words, this.#index) !== FREE) continue;
        if (Atomics.compareExchange(this.#words, this.#index, FREE, HELD) === FREE) return;
      }
      this.#relax();
    }
  }
}
