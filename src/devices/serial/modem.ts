/** The modem lines. Called with the lock held. */
import { MCR, MSR } from "./registers.ts";
import { type SerialState, Word } from "./state.ts";

/** A peer that is there and ready for more, for ever. */
const CONNECTED = MSR.CTS | MSR.DSR | MSR.DCD;

/** Writes MCR. In loopback its outputs are the modem lines, and what changes on them shows in MSR. */
export function setModemControl({ words }: SerialState, mcr: number): void {
  const before = modemLines(words[Word.MCR]!);
  words[Word.MCR] = mcr & MCR.MASK;
  const after = modemLines(words[Word.MCR]!);
  const changed = before ^ after;
  // CTS, DSR and DCD tell every change, the ring indicator only its end.
  words[Word.MSR_DELTA]! |= (changed & (MSR.CTS | MSR.DSR | MSR.DCD)) >> 4;
  if (changed & before & MSR.RI) words[Word.MSR_DELTA]! |= MSR.TERI;
}

/** Reads MSR, which clears the marks of change. */
export function readModemStatus({ words }: SerialState): number {
  const msr = modemLines(words[Word.MCR]!) | words[Word.MSR_DELTA]!;
  words[Word.MSR_DELTA] = 0;
  return msr;
}

function modemLines(mcr: number): number {
  if ((mcr & MCR.LOOP) === 0) return CONNECTED;
  let lines = 0;
  if (mcr & MCR.RTS) lines |= MSR.CTS;
  if (mcr & MCR.DTR) lines |= MSR.DSR;
  if (mcr & MCR.OUT1) lines |= MSR.RI;
  if (mcr & MCR.OUT2) lines |= MSR.DCD;
  return lines;
}
