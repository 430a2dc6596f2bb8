/** Sequence numbers (RFC 9293, section 3.4): 32 bits that wrap. */

/** How far `a` is ahead of `b`; less than 0: behind. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

export function advance(sequence: number, by: number): number {
  return (sequence + by) >>> 0;
}
