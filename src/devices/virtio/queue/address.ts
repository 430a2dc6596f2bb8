/** A guest-physical address as the guest wrote it: two unsigned 32-bit halves. */
export interface GuestAddress {
  readonly low: number;
  readonly high: number;
}

/** From here on a number is not exact: 2^53 / 2^32. No guest has memory there, no address below is rounded. */
const HIGH_END = 2 ** 21;

/** The address as an exact number, or -1 for one so high that it is nobody's. */
export function toNumber(low: number, high: number): number {
  return high < HIGH_END ? high * 0x1_0000_0000 + low : -1;
}
