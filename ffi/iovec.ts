/** Lists of buffers, as readv(2) and sendmsg(2) take them. */
import { layout, u64 } from "./abi.ts";
import { addressOf } from "./memory.ts";

export const IOVEC = layout("struct iovec", "sys/uio.h", 16, { iov_base: u64(0), iov_len: u64(8) });

const WORDS = IOVEC.size / 4;

/**
 * Fills entry `index` of an array of iovecs that is seen as 32-bit words. Both fields have 64 bits; a length's upper half is
 * never written, and so 0. Allocates nothing.
 * @param address of this process, exact below 2^53
 * @param length in bytes, below 2^32
 */
export function putIovec(words: Uint32Array, index: number, address: number, length: number): void {
  const at = index * WORDS;
  words[at] = address % 0x1_0000_0000;
  words[at + 1] = address / 0x1_0000_0000;
  words[at + 2] = length;
}

/** A reusable list: filling it allocates nothing. The caller vouches for every address. */
export class IoVector {
  /** Of the `struct iovec` array. */
  readonly address: number;
  /** Buffers in it, and all their bytes. */
  count = 0;
  bytes = 0;
  readonly #words: Uint32Array;

  /** @param most buffers it holds */
  constructor(most: number) {
    this.#words = new Uint32Array(new ArrayBuffer(most * IOVEC.size));
    this.address = addressOf(this.#words);
  }

  clear(): void {
    this.count = this.bytes = 0;
  }

  /** @param length in bytes, below 2^32 */
  add(address: number, length: number): void {
    putIovec(this.#words, this.count++, address, length);
    this.bytes += length;
  }

  /** Where buffer `i` is. */
  addressAt(i: number): number {
    return this.#words[i * WORDS]! + this.#words[i * WORDS + 1]! * 0x1_0000_0000;
  }

  /** How many bytes it has. */
  lengthAt(i: number): number {
    return this.#words[i * WORDS + 2]!;
  }
}
