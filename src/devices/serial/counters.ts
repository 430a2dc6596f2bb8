import { SerialState, Word } from "./state.ts";

/** Bytes that went through the port since the start, each modulo 2^32. */
export interface SerialCounters {
  /** What the guest wrote; of that, what it lost because nobody took it. */
  readonly written: number;
  readonly dropped: number;
  /** What the guest read, or threw away unread. */
  readonly read: number;
}

/** Costs the guest nothing: the rings count anyway. @param state the chip's memory, from any thread */
export function serialCounters(state: ArrayBuffer): SerialCounters {
  const { words, tx, rx } = new SerialState(state);
  const dropped = Atomics.load(words, Word.DROPPED) >>> 0;
  return { written: (tx.put + dropped) >>> 0, dropped, read: rx.taken };
}
