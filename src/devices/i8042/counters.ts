import { I8042State, Word } from "./state.ts";

/** What the guest did to the controller since the start, each modulo 2^32. */
export interface I8042Counters {
  readonly reads: number;
  readonly writes: number;
  readonly resets: number;
}

/** @param state the chip's memory, from any thread */
export function i8042Counters(state: ArrayBuffer): I8042Counters {
  const { words } = new I8042State(state);
  const count = (word: number): number => Atomics.load(words, word) >>> 0;
  return { reads: count(Word.READS), writes: count(Word.WRITES), resets: count(Word.RESETS) };
}
