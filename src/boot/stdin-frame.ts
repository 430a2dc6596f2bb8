/**
 * Piped standard input on its way to volt's guest init (`guest/init/relay.c`). A console has no end of file, so one
 * byte, DLE, is an escape: DLE EOT is the end. Bytes that may not be sent as they are become DLE and the byte with bit
 * 0x40 turned over: DLE itself, and ^O, at which the kernel's virtio console waits for a SysRq command (`b` reboots!).
 *
 * Only for piped input: what a terminal sends goes over as it is.
 */

const DLE = 0x10;
const EOT = 0x04;
const CONTROL_O = 0x0f;
const FLIP = 0x40;

/** What says that standard input is at its end. */
export const END_OF_STDIN: Uint8Array = Uint8Array.of(DLE, EOT);

/** `data` with its DLE and ^O bytes escaped; `data` itself where there are none. */
export function frameStdin(data: Uint8Array): Uint8Array {
  const escapes = count(data, DLE) + count(data, CONTROL_O);
  if (escapes === 0) return data;

  const framed = new Uint8Array(data.length + escapes);
  let end = 0;
  for (const byte of data) {
    const escaped = byte === DLE || byte === CONTROL_O;
    if (escaped) framed[end++] = DLE;
    framed[end++] = escaped ? byte ^ FLIP : byte;
  }
  return framed;
}

function count(data: Uint8Array, byte: number): number {
  let found = 0;
  for (let at = data.indexOf(byte); at !== -1; at = data.indexOf(byte, at + 1)) found++;
  return found;
}
