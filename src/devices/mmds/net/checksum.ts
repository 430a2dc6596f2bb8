/** The Internet's checksum (RFC 1071). */

/** Adds 16-bit words, big-endian; an odd last byte is the upper half of one. @param sum of what came before */
export function sumWords(bytes: Uint8Array, from: number, length: number, sum = 0): number {
  const end = from + length;
  let total = sum;
  for (let at = from; at + 1 < end; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  return (length & 1) === 0 ? total : total + (bytes[end - 1]! << 8);
}

/** What goes into the field. A sum that includes the right field makes 0. */
export function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}
