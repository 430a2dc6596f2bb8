/**
 * What the guest sees of its input. Every function here is called with the lock held.
 *
 * Input shows only while the guest asserts RTS, as from a sender that obeys hardware flow control to the bit: nothing is
 * lost before a driver has opened the port, nor while its terminal layer is throttled.
 */
import { FIFO_BYTES, LSR, MCR } from "./registers.ts";
import { Break, type SerialState, Word } from "./state.ts";

export function hasData(state: SerialState): boolean {
  const { words } = state;
  if (words[Word.LOOP_LEVEL]! > 0) return true;
  return isListening(words) && (words[Word.RX_ARRIVED]! > 0 || breakIsNext(state));
}

/** Whether what the guest would read next is a break it has not been told of. */
export function breakShows(state: SerialState): boolean {
  const { words } = state;
  return words[Word.BREAK] === Break.COMING && words[Word.LOOP_LEVEL] === 0 && isListening(words) && breakIsNext(state);
}

/** The next byte of input; 0 when there is none. */
export function receive(state: SerialState): number {
  const { words, rx, loopFifo } = state;
  if (words[Word.LOOP_LEVEL]! > 0) {
    const byte = loopFifo[0]!;
    loopFifo.copyWithin(0, 1);
    words[Word.LOOP_LEVEL]!--;
    return byte;
  }
  if (!isListening(words)) return 0;
  if (words[Word.RX_ARRIVED]! > 0) {
    words[Word.RX_ARRIVED]!--;
    return rx.pop();
  }
  if (breakIsNext(state)) words[Word.BREAK] = Break.NONE;
  return 0;
}

/** The receiver's bits of LSR, the read of which clears the errors. */
export function readReceiverStatus(state: SerialState): number {
  const { words } = state;
  let lsr = hasData(state) ? LSR.DR : 0;
  if (words[Word.OVERRUN] === 1) {
    lsr |= LSR.OE;
    words[Word.OVERRUN] = 0;
  }
  if (breakShows(state)) {
    lsr |= words[Word.FIFOS_ENABLED] === 1 ? LSR.BI | LSR.FIFO_ERROR : LSR.BI;
    words[Word.BREAK] = Break.BYTE_LEFT;
  }
  return lsr;
}

/**
 * Empties the receiver FIFO. Linux does so when it opens the port, and means noise from before: of the ring, which is
 * the sender's side of the wire as well, only what a chip's FIFO could hold and the guest could see is lost.
 */
export function resetReceiverFifo(state: SerialState): void {
  const { words, rx } = state;
  words[Word.LOOP_LEVEL] = 0;
  if (!isListening(words)) return;
  const lost = Math.min(words[Word.RX_ARRIVED]!, FIFO_BYTES);
  rx.consume(lost);
  words[Word.RX_ARRIVED]! -= lost;
}

/** In loopback, the transmitter feeds the receiver. One byte too many is lost, and LSR.OE says so. */
export function loopBack({ words, loopFifo }: SerialState, byte: number): void {
  const level = words[Word.LOOP_LEVEL]!;
  if (level >= (words[Word.FIFOS_ENABLED] === 1 ? FIFO_BYTES : 1)) {
    words[Word.OVERRUN] = 1;
    return;
  }
  loopFifo[level] = byte;
  words[Word.LOOP_LEVEL] = level + 1;
}

/** Whether the guest has read all that arrived: there is nothing for it until the I/O thread lets more in. */
export function isDrained(state: SerialState): boolean {
  return state.words[Word.RX_ARRIVED] === 0 && !breakIsNext(state);
}

/** A break is read after every byte that was fed before it. */
function breakIsNext({ words, rx }: SerialState): boolean {
  return words[Word.BREAK] !== Break.NONE && rx.level === 0;
}

/** In loopback the chip's outputs are inactive, RTS too, and its input is disconnected. */
function isListening(words: Int32Array): boolean {
  return (words[Word.MCR]! & (MCR.RTS | MCR.LOOP)) === MCR.RTS && words[Word.HOLD] === 0;
}
