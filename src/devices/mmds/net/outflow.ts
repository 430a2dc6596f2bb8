import { advance, distance } from "./sequence.ts";

/** RFC 6298, 2.1 and 5.5: a second, and twice as long each time. */
const FIRST_TIMEOUT_NS = 1e9;
const MOST_TIMEOUT_NS = 8e9;
/**
 * Together three quarters of a minute. Also for a peer that answers, but whose window stays shut: RFC 9293 would have it
 * waited for, and so a place among few be taken for ever (3.8.6.1).
 */
const MOST_RETRIES = 8;
/** RFC 5681, 3.2. */
const DUPLICATES_OF_A_LOSS = 3;
const NO_BYTES = Buffer.alloc(0);

/**
 * Our half of a connection: a SYN, the bytes of one answer after the other, a FIN. Bytes are kept until the peer has them.
 *
 * What is lost is sent again from the first byte that is missing (go-back-N). There is no congestion window: between the
 * two is no network, only the guest's receive queue, which is filled no further than it goes.
 */
export class Outflow {
  /** The next sequence number to send, and the one behind all that was ever sent. */
  next: number;
  highest: number;
  /** When `expire` is to be called, in nanoseconds; Infinity: nothing is waited for. */
  deadline = Number.POSITIVE_INFINITY;
  readonly #first: number;
  readonly #mss: number;
  /** The oldest number that the peer has not acknowledged. */
  #oldest: number;
  #window: number;
  #bytes: Uint8Array = NO_BYTES;
  /** The number of the first of them. */
  #bytesAt: number;
  #hasFin = false;
  #retries = 0;
  #duplicates = 0;
  /** The peer's window is shut: one byte is sent all the same, to hear whether it still is (3.8.6.1). */
  #probes = false;

  /** @param first the SYN's number; @param mss payload bytes of a segment; @param window as the peer's SYN said */
  constructor(first: number, mss: number, window: number) {
    this.next = this.highest = this.#first = this.#oldest = first;
    this.#bytesAt = advance(first, 1);
    this.#mss = mss;
    this.#window = window;
  }

  get wantsSyn(): boolean {
    return this.next === this.#first;
  }

  /** The peer has our SYN. */
  get isOpen(): boolean {
    return this.#oldest !== this.#first;
  }

  /** The peer has all that there was to send. */
  get isDrained(): boolean {
    return this.isOpen && this.#oldest === this.#end;
  }

  /** The peer has our FIN. */
  get isClosed(): boolean {
    return this.#hasFin && this.isDrained;
  }

  /** More to send, once all before it is drained. @param isLast a FIN follows */
  put(bytes: Uint8Array, isLast: boolean, now: number): void {
    this.#bytesAt = this.#end;
    this.#bytes = bytes;
    this.#hasFin = isLast;
    // Also where the window lets nothing out: it is asked about then.
    this.#watch(now);
  }

  /** All that is outstanding is to go out again. */
  rewind(): void {
    this.next = this.#oldest;
  }

  /** Payload bytes that may go out now. */
  get sendable(): number {
    if (!this.isOpen) return 0;
    const unsent = this.#bytes.length - distance(this.next, this.#bytesAt);
    const room = this.#window - distance(this.next, this.#oldest);
    return Math.max(0, Math.min(unsent, this.#mss, this.#probes ? 1 : room));
  }

  /** The FIN is next. */
  get wantsFin(): boolean {
    return this.isOpen && this.#hasFin && this.next === advance(this.#end, -1);
  }

  /** The first `count` of the sendable bytes. */
  bytes(count: number): Uint8Array {
    const from = distance(this.next, this.#bytesAt);
    return this.#bytes.subarray(from, from + count);
  }

  /** So many numbers went out, from `next` on. */
  sent(count: number, now: number): void {
    this.next = advance(this.next, count);
    if (distance(this.next, this.highest) > 0) this.highest = this.next;
    this.#probes = false;
    this.#watch(now);
  }

  /**
   * The peer has all before `acknowledgment`.
   * @param isBare the segment has nothing else to say
   * @returns false for what was never sent
   */
  acknowledge(acknowledgment: number, window: number, isBare: boolean, now: number): boolean {
    if (distance(acknowledgment, this.highest) > 0) return false;
    const news = distance(acknowledgment, this.#oldest);
    // An old one, late.
    if (news < 0) return true;
    if (news > 0) {
      this.#oldest = acknowledgment;
      if (distance(this.next, acknowledgment) < 0) this.next = acknowledgment;
      this.#retries = this.#duplicates = 0;
      this.deadline = Number.POSITIVE_INFINITY;
      if (this.isDrained) this.#forget();
    } else if (
      isBare &&
      window === this.#window &&
      this.#isOutstanding &&
      ++this.#duplicates === DUPLICATES_OF_A_LOSS
    ) {
      this.rewind();
    }
    // What was sent to ask was thrown away, as a rule.
    if (this.#window === 0 && window > 0) this.rewind();
    if (window > 0) this.#probes = false;
    this.#window = window;
    this.#watch(now);
    return true;
  }

  /** The deadline has passed: all that is outstanding goes out again. @returns false when there is no use in it any more */
  expire(now: number): boolean {
    if (++this.#retries > MOST_RETRIES) return false;
    this.rewind();
    this.#probes = this.#window === 0;
    // Until it goes out, which may have to wait for the guest's buffers.
    this.deadline = now + this.#timeout;
    return true;
  }

  /** Behind all there is to send. */
  get #end(): number {
    return advance(this.#bytesAt, this.#bytes.length + (this.#hasFin ? 1 : 0));
  }

  get #isOutstanding(): boolean {
    return this.highest !== this.#oldest;
  }

  get #timeout(): number {
    return Math.min(FIRST_TIMEOUT_NS * 2 ** this.#retries, MOST_TIMEOUT_NS);
  }

  #watch(now: number): void {
    if (this.#isOutstanding || !this.isDrained) {
      if (this.deadline === Number.POSITIVE_INFINITY) this.deadline = now + this.#timeout;
    } else {
      this.deadline = Number.POSITIVE_INFINITY;
    }
  }

  /** The answer's memory is not kept as long as the connection. */
  #forget(): void {
    this.#bytesAt = advance(this.#bytesAt, this.#bytes.length);
    this.#bytes = NO_BYTES;
  }
}
