/**
 * Piped standard input on its way to volt's guest init (`guest/init/relay.c`). A console has no end of file, so one
 * byte, DLE, is an escape: DLE DLE is a DLE of the data, DLE EOT the end. The terminal's input is sent as it is.
 */

const DLE = 0x10;
const EOT = 0x04;

/** What says that standard input is at its end. */
export const END_OF_STDIN: Uint8Array = Uint8Array.of(DLE, EOT);

/** `data` with each DLE doubled; `data` itself where there is none. */
export function frameStdin(data: Uint8Array): Uint8Array {
  let escapes = 0;
  for (let at = data.indexOf(DLE); at !== -1; at = data.indexOf(DLE, at + 1)) escapes++;
  if (escapes === 0) return data;

  const framed = new Uint8Array(data.length + escapes);
  let end = 0;
  for (const byte of data) {
    framed[end++] = byte;
    if (byte === DLE) framed[end++] = DLE;
  }
  return framed;
}
