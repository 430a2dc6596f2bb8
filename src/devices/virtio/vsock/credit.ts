/** Flow control of one connection (virtio 1.2, 5.10.6.3). Counts are free-running, modulo 2^32: only differences matter. */

/**
 * How much a guest may have sent on a connection without the host's program having taken it. It bounds what volt keeps for
 * a program that does not read. As much as Linux's own sockets: less would have a guest wait for credit in every burst.
 */
export const BUFFER_BYTES = 256 * 1024;
/** The guest is told when it was given back as much: late enough to cost little, early enough that it need not stop. */
const TELL_AFTER = BUFFER_BYTES / 2;

export class Credit {
  /** Bytes the guest sent, bytes of them the host has, and as many of those as the guest knows of. */
  #received = 0;
  #forwarded = 0;
  #told = 0;
  /** Bytes sent to the guest, and what it last said of its side. */
  #sent = 0;
  #guestAllocated = 0;
  #guestForwarded = 0;

  /** Bytes arrive from the guest. @returns false when it had no credit for them, which no honest guest does */
  receive(bytes: number): boolean {
    if (this.held + bytes > BUFFER_BYTES) return false;
    this.#received = (this.#received + bytes) >>> 0;
    return true;
  }

  /** Bytes that arrived are the host's now, or nobody's. */
  forward(bytes: number): void {
    this.#forwarded = (this.#forwarded + bytes) >>> 0;
  }

  /** Bytes that arrived and were not forwarded. */
  get held(): number {
    return (this.#received - this.#forwarded) >>> 0;
  }

  /** Whether the guest should hear of its credit, even if there is nothing else to say. */
  get isDue(): boolean {
    return (this.#forwarded - this.#told) >>> 0 >= TELL_AFTER;
  }

  /** What a packet to the guest says has been forwarded: it knows from then on. */
  tell(): number {
    this.#told = this.#forwarded;
    return this.#forwarded;
  }

  /** What a packet of the guest's says of its side. Any two numbers: what they come to is at most `allocated`. */
  learn(allocated: number, forwarded: number): void {
    this.#guestAllocated = allocated;
    this.#guestForwarded = forwarded;
  }

  /** Bytes the guest has room for. */
  get available(): number {
    const onTheWay = (this.#sent - this.#guestForwarded) >>> 0;
    return Math.max(0, this.#guestAllocated - onTheWay);
  }

  /** Bytes go to the guest. */
  send(bytes: number): void {
    this.#sent = (this.#sent + bytes) >>> 0;
  }
}
