/** The interrupt output. Called with the lock held. */

import { breakShows, hasData } from "./receiver.ts";
import { IER, IIR } from "./registers.ts";
import { type SerialState, Word } from "./state.ts";

/** The pending, enabled source of the highest priority, as an IIR code. */
export function interruptSource(state: SerialState): number {
  const { words } = state;
  const ier = words[Word.IER]!;
  if (ier & IER.ELSI && (words[Word.OVERRUN] === 1 || breakShows(state))) return IIR.LINE_STATUS;
  if (ier & IER.ERBFI && hasData(state)) return IIR.DATA_AVAILABLE;
  if (ier & IER.ETBEI && words[Word.THRE_DUE] === 1) return IIR.THR_EMPTY;
  if (ier & IER.EDSSI && words[Word.MSR_DELTA] !== 0) return IIR.MODEM_STATUS;
  return IIR.NONE;
}

/**
 * Brings the output up to date after a change.
 * @returns whether it went from low to high: the line is edge-triggered, so only then is there something to raise.
 *   Raise it after the lock is released, since that is a system call. An edge too many is harmless, and none gets lost.
 */
export function settleInterrupt(state: SerialState): boolean {
  const level = interruptSource(state) === IIR.NONE ? 0 : 1;
  const rose = level > state.words[Word.INTERRUPT]!;
  state.words[Word.INTERRUPT] = level;
  return rose;
}
