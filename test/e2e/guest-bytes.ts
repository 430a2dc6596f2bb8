/** `size` bytes, the same each time, that hold every value and every sequence the console's escape could be confused by. */
export function bytesOfEveryKind(size: number): Uint8Array {
  const awkward = [
    0x10, 0x04, 0x10, 0x10, 0x04, 0x0f, 0x03, 0x1c, 0x11, 0x13, 0x0d, 0x0a, 0xff, 0x00, 0xff, 0xff, 0x7f, 0x1a,
  ];
  const bytes = new Uint8Array(size);
  let state = 1;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = at % 64 < awkward.length ? awkward[at % 64]! : state >>> 16;
  }
  return bytes;
}
