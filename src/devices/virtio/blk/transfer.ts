import { putIovec } from "../../../../ffi/iovec.ts";
import { copyMemory } from "../../../../ffi/memory.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import { type DiskMemory, SLOT_IOVECS } from "./memory.ts";

/** An iovec as 32-bit words: both fields have 64 bits. */
const WORDS = 4;
const ADDRESS_LOW = 0;
const ADDRESS_HIGH = 1;
const LENGTH = 2;
/** The entry that `useBuffer` takes; a chain has at most 255 parts of data. */
const SPARE = SLOT_IOVECS - 1;

/**
 * The buffers of one request, as the iovecs the kernel reads, and how far it got with them. A request may take several
 * operations: the kernel does less than was asked, or we ask for less, and the next one goes on where that one ended.
 */
export class Transfer {
  /** Bytes still to go. */
  remaining = 0;
  /** The next operation: address and number of its iovecs, its bytes. */
  vector = 0;
  count = 0;
  bytes = 0;
  readonly #memory: DiskMemory;
  readonly #slot: number;
  /** The first word of this slot's iovecs. */
  readonly #base: number;
  /** Entries in use, the first that is not done, and what is left of that one. */
  #entries = 0;
  #first = 0;
  #address = 0;
  #length = 0;

  constructor(memory: DiskMemory, slot: number) {
    this.#memory = memory;
    this.#slot = slot;
    this.#base = slot * SLOT_IOVECS * WORDS;
  }

  /** Takes `bytes` of a chain, from `skip` bytes into part `part` on. The chain has them. */
  begin(chain: DescriptorChain, part: number, skip: number, bytes: number): void {
    this.remaining = bytes;
    this.#entries = 0;
    this.#first = 0;
    for (let left = bytes; left > 0; part++) {
      const length = chain.lengths[part]!;
      if (skip >= length) {
        skip -= length;
        continue;
      }
      const taken = Math.min(length - skip, left);
      this.#set(this.#entries++, chain.addresses[part]! + skip, taken);
      left -= taken;
      skip = 0;
    }
    if (bytes > 0) this.#load();
  }

  /** Makes the next operation of what is left, `limit` bytes at most. */
  prepare(limit: number): void {
    const { iovecs } = this.#memory;
    const length = Math.min(this.#length, limit);
    this.#set(this.#first, this.#address, length);
    this.count = 1;
    this.bytes = length;
    for (let entry = this.#first + 1; length === this.#length && entry < this.#entries; entry++) {
      const next = iovecs[this.#base + entry * WORDS + LENGTH]!;
      if (this.bytes + next > limit) break;
      this.bytes += next;
      this.count++;
    }
    this.vector = this.#memory.iovecAddress(this.#slot, this.#first);
  }

  /** Makes the next operation one on a buffer of ours. */
  useBuffer(address: number, bytes: number): void {
    this.#set(SPARE, address, bytes);
    this.vector = this.#memory.iovecAddress(this.#slot, SPARE);
    this.count = 1;
    this.bytes = bytes;
  }

  /** `done` bytes are done, of `remaining` at most. */
  advance(done: number): void {
    this.remaining -= done;
    while (done >= this.#length && this.#first < this.#entries) {
      done -= this.#length;
      this.#first++;
      this.#load();
    }
    this.#address += done;
    this.#length -= done;
  }

  /** Copies the next `bytes` out of the buffers. It does not count as done. */
  gather(to: number, bytes: number): void {
    this.#copy(to, bytes, true);
  }

  /** Copies `bytes` into the buffers, where they go on. It does not count as done. */
  scatter(from: number, bytes: number): void {
    this.#copy(from, bytes, false);
  }

  /** Whether every buffer starts at a multiple of `memory` and has a multiple of `length`, powers of two. */
  isAligned(memory: number, length: number): boolean {
    const { iovecs } = this.#memory;
    let bits = 0;
    for (let entry = 0; entry < this.#entries; entry++) {
      const at = this.#base + entry * WORDS;
      bits |= (iovecs[at + ADDRESS_LOW]! & (memory - 1)) | (iovecs[at + LENGTH]! & (length - 1));
    }
    return bits === 0;
  }

  #copy(buffer: number, bytes: number, out: boolean): void {
    let entry = this.#first;
    let address = this.#address;
    let length = this.#length;
    for (let done = 0; done < bytes; ) {
      const piece = Math.min(length, bytes - done);
      if (out) copyMemory(buffer + done, address, piece);
      else copyMemory(address, buffer + done, piece);
      done += piece;
      if (done === bytes) return;
      entry++;
      address = this.#addressOf(entry);
      length = this.#memory.iovecs[this.#base + entry * WORDS + LENGTH]!;
    }
  }

  #load(): void {
    if (this.#first >= this.#entries) {
      this.#length = 0;
      return;
    }
    this.#address = this.#addressOf(this.#first);
    this.#length = this.#memory.iovecs[this.#base + this.#first * WORDS + LENGTH]!;
  }

  #addressOf(entry: number): number {
    const { iovecs } = this.#memory;
    const at = this.#base + entry * WORDS;
    return iovecs[at + ADDRESS_HIGH]! * 0x1_0000_0000 + iovecs[at + ADDRESS_LOW]!;
  }

  #set(entry: number, address: number, length: number): void {
    putIovec(this.#memory.iovecs, this.#slot * SLOT_IOVECS + entry, address, length);
  }
}
