import type { GuestMemory } from "../../../memory/guest.ts";
import { toNumber } from "./address.ts";
import type { ChainFault } from "./fault.ts";
import { Descriptor, MAX_QUEUE_SIZE, VIRTQ_DESC_F_INDIRECT, VIRTQ_DESC_F_NEXT, VIRTQ_DESC_F_WRITE } from "./layout.ts";

/** The specification's limit on a chain (2.7.5), so that a device's sums stay 32-bit ones. */
const MAX_CHAIN_BYTES = 2 ** 32 - 1;

/**
 * One request's buffers: what `Queue.next` fills in, again and again, so that a request allocates nothing. Every part was
 * checked to be guest RAM. The readable parts come first, then the writable ones; parts without a byte are left out.
 */
export class DescriptorChain {
  /** Where each part is in this process. */
  readonly addresses = new Float64Array(MAX_QUEUE_SIZE);
  /** Bytes of each part. */
  readonly lengths = new Uint32Array(MAX_QUEUE_SIZE);
  /** The descriptor that names the chain: hand it to `Queue.complete`. */
  head = 0;
  /** How many parts the device may read, and all their bytes. */
  readableParts = 0;
  readableBytes = 0;
  /** How many parts the device may write, after the readable ones, and all their bytes. */
  writableParts = 0;
  writableBytes = 0;

  /**
   * Walks the chain that starts at `head`. Ends at the first violation, after `size` descriptors at most.
   *
   * The driver can change a descriptor while this looks at it: each word is read once, and what was read is what is
   * checked and used.
   * @returns undefined when the chain is sound
   */
  walk(descriptors: Uint32Array, size: number, head: number, memory: GuestMemory): ChainFault | undefined {
    this.head = head;
    this.readableParts = this.readableBytes = this.writableParts = this.writableBytes = 0;
    let index = head;
    for (let steps = 0; steps < size; steps++) {
      const at = index * Descriptor.WORDS;
      const low = descriptors[at + Descriptor.ADDRESS_LOW]!;
      const high = descriptors[at + Descriptor.ADDRESS_HIGH]!;
      const length = descriptors[at + Descriptor.LENGTH]!;
      const flagsAndNext = descriptors[at + Descriptor.FLAGS_NEXT]!;
      if (flagsAndNext & VIRTQ_DESC_F_INDIRECT) return "a descriptor is indirect";
      const fault = this.#add(low, high, length, (flagsAndNext & VIRTQ_DESC_F_WRITE) !== 0, memory);
      if (fault !== undefined) return fault;
      if ((flagsAndNext & VIRTQ_DESC_F_NEXT) === 0) return undefined;
      index = flagsAndNext >>> 16;
      if (index >= size) return "a next field is no descriptor";
    }
    return "a chain is longer than the queue";
  }

  #add(low: number, high: number, length: number, isWritable: boolean, memory: GuestMemory): ChainFault | undefined {
    // Legal, and nothing of it is ever touched: its address does not matter.
    if (length === 0) return undefined;
    if (this.readableBytes + this.writableBytes + length > MAX_CHAIN_BYTES) return "a chain has 2^32 bytes or more";
    const address = memory.hostAddress(toNumber(low, high), length);
    if (address < 0) return "a buffer is not in RAM";
    const part = this.readableParts + this.writableParts;
    this.addresses[part] = address;
    this.lengths[part] = length;
    if (isWritable) {
      this.writableParts++;
      this.writableBytes += length;
    } else {
      // 2.7.4.2: a device must be able to tell them apart by their number alone.
      if (this.writableParts > 0) return "a readable buffer comes after a writable one";
      this.readableParts++;
      this.readableBytes += length;
    }
    return undefined;
  }
}
