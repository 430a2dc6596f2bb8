/** The allow-list as KVM takes it: bitmaps over stretches of MSR numbers. */
import type { MsrBitmap } from "../../ffi/kvm/msrs.ts";
import { ALLOWED_MSRS, type MsrRow } from "./msr-policy.ts";

/** MSRs one bitmap spans; KVM takes up to 0x3000. The architecture's own blocks are this long. */
const SPAN = 0x2000;

/** @param more MSRs a CPU template sets: it means them to be read */
export function msrFilter(more: readonly number[] = []): MsrBitmap[] {
  const numbers = [...ALLOWED_MSRS.flatMap(numbersOf), ...more].sort((a, b) => a - b);
  const stretches: { base: number; bits: number[] }[] = [];
  for (const number of numbers) {
    const last = stretches.at(-1);
    if (last && number < last.base + SPAN) last.bits.push(number - last.base);
    else stretches.push({ base: number, bits: [0] });
  }
  return stretches.map(({ base, bits }) => ({ base, ...bitmapOf(bits) }));
}

function numbersOf({ first, count = 1 }: MsrRow): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** @param bits in order */
function bitmapOf(bits: readonly number[]): Pick<MsrBitmap, "count" | "bitmap"> {
  const count = bits.at(-1)! + 1;
  const bitmap = new Uint8Array(Math.ceil(count / 64) * 8);
  for (const bit of bits) bitmap[bit >> 3]! |= 1 << (bit & 7);
  return { count, bitmap };
}
