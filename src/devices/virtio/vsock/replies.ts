/** Resets that wait for the guest and belong to no connection: the answer to packets that have none (5.10.6.4). */

/** A guest that sends nonsense faster than it takes the answers gets no more than these: memory stays level. */
export const MOST_REPLIES = 256;

export class Replies {
  readonly #entries = new Uint32Array(3 * MOST_REPLIES);
  #first = 0;
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** @returns false when there is no room */
  push(hostPort: number, guestPort: number, type: number): boolean {
    if (this.#count === MOST_REPLIES) return false;
    const at = 3 * ((this.#first + this.#count++) % MOST_REPLIES);
    this.#entries[at] = hostPort;
    this.#entries[at + 1] = guestPort;
    this.#entries[at + 2] = type;
    return true;
  }

  /** Of the oldest one. */
  get hostPort(): number {
    return this.#entries[3 * this.#first]!;
  }
  get guestPort(): number {
    return this.#entries[3 * this.#first + 1]!;
  }
  get type(): number {
    return this.#entries[3 * this.#first + 2]!;
  }

  shift(): void {
    this.#first = (this.#first + 1) % MOST_REPLIES;
    this.#count--;
  }

  clear(): void {
    this.#count = 0;
  }
}
