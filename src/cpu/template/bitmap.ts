/** The bitmaps of a CPU template: `0b1x0` sets bit 2, clears bit 0, leaves the rest. */

export interface Bitmap {
  /** The bits it says something about. */
  readonly mask: bigint;
  /** What it says. */
  readonly value: bigint;
}

/** @param text as the template's schema checked it */
export function parseBitmap(text: string): Bitmap {
  const digits = text.slice(2).replaceAll("_", "");
  return {
    mask: BigInt(`0b${digits.replaceAll(/[01]/g, "1").replaceAll("x", "0")}`),
    value: BigInt(`0b${digits.replaceAll("x", "0")}`),
  };
}

/** All `bits` of it, from the highest on. */
export function formatBitmap({ mask, value }: Bitmap, bits: number): string {
  const digit = (bit: bigint) => ((mask >> bit) & 1n ? String((value >> bit) & 1n) : "x");
  return `0b${Array.from({ length: bits }, (_, i) => digit(BigInt(bits - 1 - i))).join("")}`;
}

export function applyBitmap(to: bigint, { mask, value }: Bitmap): bigint {
  return (to & ~mask) | value;
}
