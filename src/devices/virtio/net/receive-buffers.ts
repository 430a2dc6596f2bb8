import { addressOf, copyMemory } from "../../../../ffi/memory.ts";
import { IoVectors } from "../../../../ffi/uio.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { MAX_FRAME_BYTES, NUM_BUFFERS_OFFSET } from "./frame.ts";

/**
 * Parts of buffers there is room for. One chain may have 256 of them, and hostile chains share descriptors, so a queue of
 * 256 can name 65,536: another chain is only taken while half of this is free.
 */
const PARTS = 512;
const MAX_TAKEN_PARTS = PARTS - MAX_QUEUE_SIZE;

/**
 * Buffers that were taken from the receive queue and wait for packets, first in, first out. Where they lie is kept as
 * iovecs, so that the kernel puts a packet straight into as many of them as it fills.
 *
 * The table has every iovec twice, `PARTS` apart: whatever part is the first, those after it follow without a wrap. Behind
 * the last one comes the spill, a piece of volt's own memory: a packet longer than all the buffers is not cut.
 */
export class ReceiveBuffers {
  /** Bytes that all of them hold. */
  bytes = 0;
  /** How many there are. */
  count = 0;

  readonly #vectors = new IoVectors(2 * PARTS);
  readonly #addresses = new Float64Array(PARTS);
  readonly #lengths = new Uint32Array(PARTS);
  #firstPart = 0;
  #parts = 0;

  /** Of each buffer: its chain's head, bytes and parts. */
  readonly #heads = new Uint16Array(MAX_QUEUE_SIZE);
  readonly #bytes = new Float64Array(MAX_QUEUE_SIZE);
  readonly #chainParts = new Uint16Array(MAX_QUEUE_SIZE);
  #first = 0;

  readonly #spill = new Uint8Array(new ArrayBuffer(MAX_FRAME_BYTES));
  readonly #spillAddress = addressOf(this.#spill);
  readonly #numBuffers = new Uint16Array(new ArrayBuffer(2));
  readonly #numBuffersAddress = addressOf(this.#numBuffers);

  /** Whether another chain fits, of a queue that may still have one. */
  hasRoom(queue: Queue): boolean {
    return this.count < queue.size && this.#parts <= MAX_TAKEN_PARTS;
  }

  /** Adds the writable parts of a chain that was just taken. There must be room, and a byte to write. */
  add(chain: DescriptorChain): void {
    const end = chain.readableParts + chain.writableParts;
    for (let part = chain.readableParts; part < end; part++)
      this.#addPart(chain.addresses[part]!, chain.lengths[part]!);
    const slot = (this.#first + this.count) % MAX_QUEUE_SIZE;
    this.#heads[slot] = chain.head;
    this.#bytes[slot] = chain.writableBytes;
    this.#chainParts[slot] = chain.writableParts;
    this.bytes += chain.writableBytes;
    this.count++;
  }

  /** Reads one packet into the buffers, and what they don't hold into the spill. @returns its bytes, or minus errno */
  read(fd: number): number {
    this.#vectors.set(this.#firstPart + this.#parts, this.#spillAddress, MAX_FRAME_BYTES);
    return this.#vectors.readv(fd, this.#firstPart, this.#parts + 1);
  }

  /** Copies a packet of our own into the buffers, and what they don't hold into the spill. @returns its bytes */
  put(address: number, length: number): number {
    this.#copyIn(0, address, length);
    if (length > this.bytes) copyMemory(this.#spillAddress, address + this.bytes, length - this.bytes);
    return length;
  }

  /** Moves what was spilled of a packet into buffers that were added since. @param held bytes the buffers had then */
  unspill(held: number, packet: number): void {
    this.#copyIn(held, this.#spillAddress, packet - held);
  }

  /** Gives the driver the packet that was read: as many buffers as it fills, all at once (5.1.6.4). */
  deliver(queue: Queue, packet: number): void {
    const buffers = this.#buffersOf(packet);
    this.#numBuffers[0] = buffers;
    this.#copyIn(NUM_BUFFERS_OFFSET, this.#numBuffersAddress, 2);
    let rest = packet;
    for (let i = 0; i < buffers; i++) {
      const bytes = this.#bytes[this.#first]!;
      queue.stage(this.#heads[this.#first]!, Math.min(rest, bytes));
      rest -= bytes;
      this.#drop();
    }
    queue.publish();
  }

  /** Forgets all of them: their driver is gone. */
  clear(): void {
    this.bytes = this.count = this.#parts = this.#firstPart = this.#first = 0;
  }

  #addPart(address: number, length: number): void {
    const part = (this.#firstPart + this.#parts++) % PARTS;
    this.#addresses[part] = address;
    this.#lengths[part] = length;
    this.#vectors.set(part, address, length);
    this.#vectors.set(part + PARTS, address, length);
  }

  /** Takes the first one away. */
  #drop(): void {
    const parts = this.#chainParts[this.#first]!;
    this.bytes -= this.#bytes[this.#first]!;
    this.#first = (this.#first + 1) % MAX_QUEUE_SIZE;
    this.count--;
    this.#firstPart = (this.#firstPart + parts) % PARTS;
    this.#parts -= parts;
  }

  /** How many buffers a packet fills. They hold it. */
  #buffersOf(packet: number): number {
    let buffers = 0;
    for (let rest = packet; rest > 0; buffers++) rest -= this.#bytes[(this.#first + buffers) % MAX_QUEUE_SIZE]!;
    return buffers;
  }

  /** Copies into the buffers, as if they were one, from `offset` on. What does not fit is left out. */
  #copyIn(offset: number, from: number, length: number): void {
    let skip = offset;
    let done = 0;
    for (let i = 0; i < this.#parts && done < length; i++) {
      const part = (this.#firstPart + i) % PARTS;
      const room = this.#lengths[part]! - skip;
      if (room > 0) {
        const bytes = Math.min(room, length - done);
        copyMemory(this.#addresses[part]! + skip, from + done, bytes);
        done += bytes;
        skip = 0;
      } else {
        skip -= this.#lengths[part]!;
      }
    }
  }
}
