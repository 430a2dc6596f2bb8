/** Configuration space of the console device (virtio 1.2, section 5.3.4). */

/** Size of the terminal behind a console, in characters; 0 where nobody knows. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** cols, rows, max_nr_ports, emerg_wr. */
const CONFIG_BYTES = 12;
const MAX_NR_PORTS = 4;

/** Nothing in it is the driver's to write: emergency writes are not offered. */
export function consoleConfig(size: TerminalSize, ports: number): Uint8Array {
  const config = new Uint8Array(CONFIG_BYTES);
  config.set(sizeBytes(size));
  new DataView(config.buffer).setUint32(MAX_NR_PORTS, ports, true);
  return config;
}

/** The first four bytes of it. */
export function sizeBytes({ columns, rows }: TerminalSize): Uint8Array {
  return Uint8Array.of(columns, columns >> 8, rows, rows >> 8);
}
