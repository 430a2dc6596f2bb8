/** Where guest RAM lies in guest-physical space. */

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** The 32-bit MMIO hole: devices and interrupt controllers live in the last GiB below 4 GiB. */
export const MMIO_HOLE_START = 3 * GIB;
export const MMIO_HOLE_END = 4 * GIB;

/** A stretch of guest-physical addresses, in bytes. */
export interface Range {
  readonly address: number;
  readonly size: number;
}

/** The RAM of a guest with `bytes` of memory: one range, or two around the MMIO hole. */
export function ramRanges(bytes: number): Range[] {
  const low = Math.min(bytes, MMIO_HOLE_START);
  const ranges = [{ address: 0, size: low }];
  if (bytes > low) ranges.push({ address: MMIO_HOLE_END, size: bytes - low });
  return ranges;
}
