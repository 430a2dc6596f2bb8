/** readv(2) and writev(2): one call, many buffers, anywhere in memory. */
import { errno } from "./error.ts";
import { IOVEC } from "./iovec.ts";
import { libc } from "./libc.ts";
import { addressOf } from "./memory.ts";

/** The most entries one call takes. */
export const UIO_MAXIOV = 1024;

const WORDS = IOVEC.size / 4;
const TWO_32 = 2 ** 32;

/**
 * A table of iovecs of which any stretch can be used, made once and filled again and again. Whoever fills it vouches for
 * the memory.
 */
export class IoVectors {
  readonly #words: Uint32Array;
  readonly #address: number;

  constructor(entries: number) {
    this.#words = new Uint32Array(new ArrayBuffer(entries * IOVEC.size));
    this.#address = addressOf(this.#words);
  }

  /** @param address of this process; both are exact below 2^53 */
  set(index: number, address: number, length: number): void {
    const at = index * WORDS;
    const words = this.#words;
    words[at] = address % TWO_32;
    words[at + 1] = address / TWO_32;
    words[at + 2] = length % TWO_32;
    words[at + 3] = length / TWO_32;
  }

  /** Fills the memory of `count` entries from entry `first` on. @returns bytes read, or minus errno */
  readv(fd: number, first: number, count: number): number {
    const n = libc.readv(fd, this.#address + first * IOVEC.size, count);
    return n < 0 ? -errno() : n;
  }

  /** @returns bytes written, or minus errno */
  writev(fd: number, first: number, count: number): number {
    const n = libc.writev(fd, this.#address + first * IOVEC.size, count);
    return n < 0 ? -errno() : n;
  }
}
