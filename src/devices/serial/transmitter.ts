/**
 * The guest's output, on its way to the I/O thread. Every function here is called with the lock held.
 *
 * When nobody takes the output (a pager, a stuck peer) the ring fills up. Then it depends on who writes:
 * - A driver with the THR-empty interrupt enabled (IER.ETBEI) sees THRE = 0 and waits for the interrupt: nothing is lost,
 *   `volt run -- cat big | less` is whole.
 * - A writer that polls (ETBEI clear, as in Linux's printk, which clears IER first) would spin on THRE with interrupts
 *   off, so a stuck stdout would stall the vCPU. It always sees THRE = 1; what does not fit is dropped and counted.
 * Memory stays level either way.
 */

import { TX_BURST_BYTES } from "./pace.ts";
import { loopBack } from "./receiver.ts";
import { FIFO_BYTES, IER, LSR, MCR } from "./registers.ts";
import { type SerialState, Word } from "./state.ts";

export function transmit(state: SerialState, byte: number): void {
  const { words, tx } = state;
  if (words[Word.MCR]! & MCR.LOOP) loopBack(state, byte);
  else if (!tx.push(byte)) words[Word.DROPPED]!++;
  if (words[Word.IER]! & IER.ETBEI) words[Word.TX_BURST]!++;
  offerThrEmpty(state);
}

/** The transmitter's bits of LSR. */
export function transmitterStatus(state: SerialState): number {
  const waits = (state.words[Word.IER]! & IER.ETBEI) !== 0 && !isThrEmpty(state);
  return waits ? 0 : LSR.THRE | LSR.TEMT;
}

/** Makes the THR-empty interrupt due, now or when the I/O thread has made room or ended the rest. */
export function offerThrEmpty(state: SerialState): void {
  const { words } = state;
  words[Word.THRE_DUE] = isThrEmpty(state) ? 1 : 0;
  if (words[Word.THRE_DUE] === 1) return;
  // Ask first, then look again: the I/O thread makes room first, then looks whether it was asked. One of us sees it.
  Atomics.store(words, Word.TX_STARVED, 1);
  if (isThrEmpty(state)) words[Word.THRE_DUE] = 1;
}

/** THR empty means room for a whole FIFO: a driver that was told so writes that many bytes without looking again. */
function isThrEmpty({ words, tx }: SerialState): boolean {
  if (words[Word.MCR]! & MCR.LOOP) return true;
  return tx.room >= FIFO_BYTES && words[Word.TX_BURST]! < TX_BURST_BYTES;
}
