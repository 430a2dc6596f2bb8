/** readv(2) and writev(2): one call, many buffers, anywhere in memory. */
import { IOVEC, putIovec } from "./iovec.ts";
import { libc } from "./libc.ts";
import { addressOf } from "./memory.ts";

/** The most entries one call takes. */
export const UIO_MAXIOV = 1024;

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

  /**
   * @param address of this process, exact below 2^53
   * @param length in bytes, below 2^32
   */
  set(index: number, address: number, length: number): void {
    putIovec(this.#words, index, address, length);
  }

  /** Fills the memory of `count` entries from entry `first` on. @returns bytes read, or minus errno */
  readv(fd: number, first: number, count: number): number {
    return libc.readv(fd, this.#address + first * IOVEC.size, count);
  }

  /** @returns bytes written, or minus errno */
  writev(fd: number, first: number, count: number): number {
    return libc.writev(fd, this.#address + first * IOVEC.size, count);
  }
}
