/**
 * What volt tells the guest init of its own initramfs: the file `/volt/run`, in a small archive that follows the
 * initramfs in memory (Linux unpacks archives that follow each other). `guest/README.md` describes the file,
 * `guest/init/run-file.c` reads it.
 */

import { type CpioEntry, cpio } from "./cpio.ts";

/** A string is written as UTF-8; bytes go over as they are. */
export type Bytes = string | Uint8Array;

export interface RunOptions {
  /** The command and its arguments; empty: a login shell, or the root disk's init. */
  readonly argv: readonly Bytes[];
  /** Added to (or in place of) PATH, HOME, USER and TERM. */
  readonly env?: Readonly<Record<string, string>>;
  /** The console is somebody's terminal. If not, it is a pair of pipes, exact to the byte. */
  readonly terminal: boolean;
  /** Size of that terminal in characters. */
  readonly rows?: number;
  readonly columns?: number;
  readonly hostname?: string;
  /** Where the command starts; default `/`, and `/root` for the shell. */
  readonly directory?: string;
  /** Seconds the command has after SIGTERM; default 8. */
  readonly graceSeconds?: number;
  /** A disk that becomes the root before anything runs; without arguments its own init takes over. */
  readonly root?: { readonly device: string; readonly readOnly: boolean };
  /** I/O port init writes a byte to once the console takes input as it is meant. */
  readonly readyPort?: number;
  /** The console's device, "hvc0", where its driver may take a while; default: the console there is. */
  readonly console?: string;
  /** Names of virtio ports for the input and output of a command without a terminal; default: the console. */
  readonly ports?: { readonly input: string; readonly output: string };
}

const HEADER = "volt-run 1";
const DEFAULT_ENV = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  USER: "root",
  TERM: "vt100",
};
/** Linux: `__NEW_UTS_LEN`. */
const HOSTNAME_MAX = 64;

/**
 * The content of `/volt/run`: records that end with a NUL.
 * @throws Error when a value cannot be handed over (NUL in it, a number out of range).
 */
export function runFile(options: RunOptions): Uint8Array<ArrayBuffer> {
  const shell = options.argv.length === 0;
  const records: Bytes[] = [HEADER, `terminal=${options.terminal ? 1 : 0}`];
  records.push(`directory=${options.directory ?? (shell ? "/root" : "/")}`);
  if (options.hostname !== undefined) records.push(`hostname=${checkHostname(options.hostname)}`);
  if (options.rows !== undefined) records.push(`rows=${checkNumber("rows", options.rows, 0xffff)}`);
  if (options.columns !== undefined) records.push(`columns=${checkNumber("columns", options.columns, 0xffff)}`);
  if (options.root) records.push(`root=${options.root.device}`, `rootro=${options.root.readOnly ? 1 : 0}`);
  if (options.graceSeconds !== undefined) records.push(`grace=${checkNumber("grace", options.graceSeconds, 86_400)}`);
  if (options.readyPort !== undefined) records.push(`ready=${checkNumber("ready port", options.readyPort, 0xffff)}`);
  if (options.console !== undefined) records.push(`console=${options.console}`);
  if (options.ports) records.push(`input=${options.ports.input}`, `output=${options.ports.output}`);
  for (const [name, value] of Object.entries({ ...DEFAULT_ENV, ...options.env })) {
    if (name === "" || name.includes("=")) throw new Error(`environment variable ${JSON.stringify(name)}: not a name`);
    records.push(`env=${name}=${value}`);
  }
  for (const argument of options.argv) records.push(joined("arg=", argument));
  return terminated(records);
}

/** The archive with `/volt/run` in it: it goes behind volt's initramfs. */
export function runArchive(options: RunOptions): Uint8Array<ArrayBuffer> {
  const entries: CpioEntry[] = [
    { kind: "directory", path: "volt", mode: 0o700 },
    { kind: "file", path: "volt/run", mode: 0o400, data: runFile(options) }, // the environment may hold secrets
  ];
  return cpio(entries);
}

function terminated(records: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const record of records) {
    const bytes = toBytes(record);
    if (bytes.includes(0)) throw new Error(`${JSON.stringify(Buffer.from(bytes).toString())}: cannot contain NUL`);
    parts.push(bytes, Uint8Array.of(0));
  }
  return new Uint8Array(Buffer.concat(parts));
}

function joined(key: string, value: Bytes): Uint8Array {
  return Buffer.concat([toBytes(key), toBytes(value)]);
}

function toBytes(value: Bytes): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

function checkHostname(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name) || name.length > HOSTNAME_MAX) {
    throw new Error(`host name ${JSON.stringify(name)}: use 1 to ${HOSTNAME_MAX} letters, digits, '-' and '.'`);
  }
  return name;
}

function checkNumber(what: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 0 || value > most) throw new Error(`${what} ${value}: must be 0 to ${most}`);
  return value;
}
