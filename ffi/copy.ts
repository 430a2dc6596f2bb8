/** Bytes from here to there: memcpy(3). The caller vouches for both ranges, which must not overlap. */
import { libc } from "./libc.ts";

/** Copies `length` bytes. Either side is an address, or memory of JavaScript's. Allocates nothing. */
export function copyMemory(to: number | Uint8Array, from: number | Uint8Array, length: number): void {
  libc.memcpy(to, from, length);
}
