import { Flag } from "./layout.ts";
import type { Segment } from "./segment.ts";
import { advance, distance } from "./sequence.ts";

/** The longest request, with all that came behind it: what a connection costs us. The window is never larger. */
export const MOST_REQUEST_BYTES = 4096;

const NO_BYTES = Buffer.alloc(0);

/**
 * The peer's half of a connection. Bytes are taken in order only: what comes early is dropped, and the peer sends it again,
 * what comes twice is cut off.
 */
export class Inflow {
  /** The number that is expected. */
  next: number;
  /** The peer has sent its FIN. */
  isAtEnd = false;
  /** Made when there is a byte: a flood of SYNs costs no more than it must. */
  #bytes = NO_BYTES;
  #length = 0;
  /** What comes is of no interest any more. */
  #isClosed = false;

  /** @param first behind the SYN */
  constructor(first: number) {
    this.next = first;
  }

  /** What was taken and not used yet. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  get isFull(): boolean {
    return this.#length === MOST_REQUEST_BYTES;
  }

  /** Bytes that the peer may send. */
  get window(): number {
    return this.#isClosed ? MOST_REQUEST_BYTES : MOST_REQUEST_BYTES - this.#length;
  }

  /** RFC 9293, 3.10.7.4: whether a segment has anything in the window, or asks for nothing but is where it should be. */
  accepts({ sequence, payloadBytes, flags }: Segment): boolean {
    const ahead = distance(sequence, this.next);
    const length = payloadBytes + (flags & Flag.FIN ? 1 : 0);
    if (length === 0) return ahead >= 0 && ahead <= this.window;
    return ahead <= this.window && ahead + length > 0;
  }

  /** Whether a RST is the peer's own: RFC 5961, 3.2. */
  expects({ sequence }: Segment): boolean {
    return sequence === this.next;
  }

  /** Takes what is new of a segment's payload, and its FIN. @returns whether the peer should hear of it */
  take({ sequence, payloadStart, payloadBytes, flags }: Segment, frame: Uint8Array): boolean {
    const known = distance(this.next, sequence);
    const hasFin = (flags & Flag.FIN) !== 0;
    if (payloadBytes === 0 && !hasFin) return false;
    // Early, or with nothing new, or after the end.
    if (known < 0 || known > payloadBytes || this.isAtEnd) return true;
    const bytes = Math.min(payloadBytes - known, this.window);
    const from = payloadStart + known;
    if (!this.#isClosed && bytes > 0) {
      if (this.#bytes.length === 0) this.#bytes = Buffer.alloc(MOST_REQUEST_BYTES);
      this.#bytes.set(frame.subarray(from, from + bytes), this.#length);
      this.#length += bytes;
    }
    this.next = advance(this.next, bytes);
    if (hasFin && known + bytes === payloadBytes) {
      this.next = advance(this.next, 1);
      this.isAtEnd = true;
    }
    return true;
  }

  /** The first `bytes` were used. */
  drop(bytes: number): void {
    this.#bytes.copyWithin(0, bytes, this.#length);
    this.#length -= bytes;
  }

  /** No more requests. */
  close(): void {
    this.#isClosed = true;
    this.#length = 0;
  }
}
