import type { GuestMemory } from "../../../memory/guest.ts";
import { gather } from "../queue/bytes.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import { PAGE_BYTES } from "./config.ts";
import type { BalloonCounters } from "./counters.ts";

/**
 * Page numbers looked at in one request. Linux sends 256, Windows 1024. A chain can name the same few numbers 2^30 times,
 * and each may cost a system call.
 */
const MAX_PAGES = 4096;
const BYTES_A_NUMBER = 4;

/** The page numbers of an inflate request, given back to the host. */
export class PageList {
  readonly #numbers = new Uint32Array(MAX_PAGES);
  readonly #bytes = new Uint8Array(this.#numbers.buffer);

  /** Gives back the pages a chain names, neighbours together: a driver names them in any order. */
  discard(chain: DescriptorChain, memory: GuestMemory, counters: BalloonCounters): void {
    const count = Math.floor(gather(chain, memory, this.#bytes) / BYTES_A_NUMBER);
    if (chain.readableBytes !== count * BYTES_A_NUMBER) counters.errors++;
    const sorted = this.#numbers.subarray(0, count).sort();
    let start = -1;
    let length = 0;
    for (let i = 0; i < count; i++) {
      const page = sorted[i]!;
      if (i > 0 && page === sorted[i - 1]) continue;
      // Page numbers have 32 bits: their addresses are exact, and past RAM at worst.
      const address = memory.hostAddress(page * PAGE_BYTES, PAGE_BYTES);
      if (address < 0) {
        counters.errors++;
        continue;
      }
      counters.inflatedPages++;
      if (address === start + length) {
        length += PAGE_BYTES;
        continue;
      }
      counters.bytes += memory.discard(start, length);
      start = address;
      length = PAGE_BYTES;
    }
    counters.bytes += memory.discard(start, length);
  }
}

/** Page numbers of a deflate request. The pages themselves come back when the guest touches them: there is nothing to do. */
export function countPages(chain: DescriptorChain): number {
  return Math.floor(Math.min(chain.readableBytes, MAX_PAGES * BYTES_A_NUMBER) / BYTES_A_NUMBER);
}

/** Gives back the memory of a chain's writable parts. @returns bytes */
export function discardBuffers(chain: DescriptorChain, memory: GuestMemory, counters: BalloonCounters): number {
  const parts = chain.readableParts + chain.writableParts;
  let bytes = 0;
  for (let part = chain.readableParts; part < parts; part++) {
    bytes += memory.discard(chain.addresses[part]!, chain.lengths[part]!);
  }
  counters.bytes += bytes;
  return bytes;
}
