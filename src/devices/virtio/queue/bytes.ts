/** A chain's contents as bytes, for messages that are small: a driver may cut one into any number of parts. */
import { copyMemory } from "../../../../ffi/memory.ts";
import type { GuestMemory } from "../../../memory/guest.ts";
import type { DescriptorChain } from "./chain.ts";

/** Copies the beginning of the readable parts. The copy is what to look at: the driver can change the original. @returns bytes copied */
export function gather(chain: DescriptorChain, memory: GuestMemory, into: Uint8Array): number {
  let done = 0;
  for (let part = 0; part < chain.readableParts && done < into.length; part++) {
    const end = done + Math.min(chain.lengths[part]!, into.length - done);
    for (let at = chain.addresses[part]!; done < end; ) {
      const piece = memory.bytesAt(at, end - done);
      into.set(piece, done);
      done += piece.length;
      at += piece.length;
    }
  }
  return done;
}

/** Fills the writable parts from the beginning, as far as they go. @returns bytes copied */
export function scatter(chain: DescriptorChain, memory: GuestMemory, bytes: Uint8Array): number {
  let done = 0;
  const parts = chain.readableParts + chain.writableParts;
  for (let part = chain.readableParts; part < parts && done < bytes.length; part++) {
    const end = done + Math.min(chain.lengths[part]!, bytes.length - done);
    for (let at = chain.addresses[part]!; done < end; ) {
      const piece = memory.bytesAt(at, end - done);
      piece.set(bytes.subarray(done, done + piece.length));
      done += piece.length;
      at += piece.length;
    }
  }
  return done;
}

/**
 * Copies `length` bytes of the readable parts, from `offset` on: there are as many. Allocates nothing, which `gather` does.
 * @param to where in this process; the caller vouches for it
 */
export function copyReadable(chain: DescriptorChain, offset: number, length: number, to: number): void {
  let skip = offset;
  let done = 0;
  for (let part = 0; part < chain.readableParts && done < length; part++) {
    const bytes = Math.min(chain.lengths[part]! - skip, length - done);
    if (bytes > 0) {
      copyMemory(to + done, chain.addresses[part]! + skip, bytes);
      done += bytes;
      skip = 0;
    } else {
      skip -= chain.lengths[part]!;
    }
  }
}
