/** Bytes a guest sent that its host's program has not taken yet: a ring of BUFFER_BYTES, which credit keeps from running over. */
import type { IoVector } from "../../../../ffi/iovec.ts";
import { copyMemory, Mapping } from "../../../../ffi/memory.ts";
import { BUFFER_BYTES } from "./credit.ts";

/**
 * Connections that may have one at a time: 64 MiB. A guest whose peers in the host do not read can have that of volt's
 * memory, and no more; the next connection that needs one is reset.
 */
export const MOST_BACKLOGS = 256;

export class Backlog implements Disposable {
  /** Bytes in it. */
  length = 0;
  readonly #mapping = Mapping.create(BUFFER_BYTES, { about: "a vsock connection's backlog" });
  #start = 0;

  /** Takes what is in a list of buffers from its byte `from` on. Credit sees to it that there is room. */
  append(vector: IoVector, from: number): void {
    let skip = from;
    for (let i = 0; i < vector.count; i++) {
      const length = vector.lengthAt(i);
      const skipped = Math.min(skip, length);
      skip -= skipped;
      if (skipped < length) this.#add(vector.addressAt(i) + skipped, length - skipped);
    }
  }

  /** Where its bytes are, oldest first. */
  list(into: IoVector): void {
    into.clear();
    const first = Math.min(this.length, BUFFER_BYTES - this.#start);
    into.add(this.#mapping.address + this.#start, first);
    if (first < this.length) into.add(this.#mapping.address, this.length - first);
  }

  /** Forgets the oldest bytes. */
  drop(bytes: number): void {
    this.#start = (this.#start + bytes) % BUFFER_BYTES;
    this.length -= bytes;
  }

  [Symbol.dispose](): void {
    this.#mapping[Symbol.dispose]();
  }

  #add(address: number, length: number): void {
    if (this.length + length > BUFFER_BYTES) throw new RangeError("a vsock backlog holds no more than its credit");
    const at = (this.#start + this.length) % BUFFER_BYTES;
    const first = Math.min(length, BUFFER_BYTES - at);
    copyMemory(this.#mapping.address + at, address, first);
    if (first < length) copyMemory(this.#mapping.address, address + first, length - first);
    this.length += length;
  }
}

/** Gives backlogs out, and takes them back. */
export class BacklogPool {
  #used = 0;
  /** One is kept: a program that reads a little slower than its guest writes needs one again and again. */
  #spare: Backlog | undefined;

  /** @returns undefined when MOST_BACKLOGS are in use */
  take(): Backlog | undefined {
    if (this.#used === MOST_BACKLOGS) return undefined;
    this.#used++;
    const spare = this.#spare;
    this.#spare = undefined;
    return spare ?? new Backlog();
  }

  give(backlog: Backlog): void {
    this.#used--;
    backlog.drop(backlog.length);
    if (this.#spare) backlog[Symbol.dispose]();
    else this.#spare = backlog;
  }
}
