import { fillRandom } from "../../../../ffi/random.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import type { RngCounters } from "./counters.ts";

/**
 * The most bytes one request gets. A chain's buffers may be one and the same memory 256 times over, so a guest can ask for
 * 4 GiB while it has a page: unbounded, a single kick would keep the host's generator busy for seconds, and every other
 * device waiting. The driver sees how much it got, and asks again.
 */
export const MAX_REQUEST_BYTES = 64 * 1024;

/** The most bytes `fillChain` will write: what the rate limiter is asked for. */
export function wantedBytes(chain: DescriptorChain): number {
  return Math.min(chain.writableBytes, MAX_REQUEST_BYTES);
}

/** Fills the writable parts, straight in guest memory. Readable ones have no meaning here (5.4.6.1). @returns bytes written */
export function fillChain(chain: DescriptorChain, counters: RngCounters): number {
  counters.requests++;
  let written = 0;
  const end = chain.readableParts + chain.writableParts;
  for (let part = chain.readableParts; part < end && written < MAX_REQUEST_BYTES; part++) {
    const wanted = Math.min(chain.lengths[part]!, MAX_REQUEST_BYTES - written);
    const got = fillRandom(chain.addresses[part]!, wanted);
    written += got;
    if (got < wanted) {
      counters.errors++;
      break;
    }
  }
  if (written === 0) counters.empty++;
  counters.bytes += written;
  return written;
}
