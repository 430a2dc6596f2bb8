/**
 * What the legacy chips do with accesses that are wider than they are. Each sits on eight data lines: of a write only the
 * low byte counts, and the lines nobody drives in a read float high.
 */
export function asRead(byte: number, size: number): number {
  if (size === 1) return byte;
  return size === 2 ? byte | 0xff00 : (byte | 0xffff_ff00) >>> 0;
}
