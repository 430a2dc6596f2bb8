/** What goes over the nested machine's virtio-serial port. `agent/agent.h` is the other side of every line here. */

/** A stream may have this many bytes under way that its reader has not taken yet. */
export const WINDOW = 256 * 1024;

/** Kinds of message. Payloads are little-endian 32-bit words unless said otherwise. */
export const Kind = {
  /** From the machine, once: it is up. */
  ready: 1,
  /** tty, rows, columns, argument count, environment count; then the strings folder, arguments, NAME=VALUEs. */
  start: 2,
  /** Bytes for stdin. */
  input: 3,
  /** stdin is at its end. */
  inputEnd: 4,
  /** A signal's number, for the command itself. */
  signal: 5,
  /** SIGKILL to its process group; the command is then over whoever still holds its outputs. */
  kill: 6,
  /** Rows and columns of its terminal. */
  resize: 7,
  /** A stream (input, stdout or stderr), and how many of its bytes have been taken. Both ways. */
  credit: 8,
  /** Bytes from the command. */
  stdout: 9,
  stderr: 10,
  /** Exit status as a shell has it (128+N after signal N), and the signal or 0. */
  exit: 11,
  /** It could not be started; the payload is the reason, as text. */
  failed: 12,
} as const;

export type Message = { readonly kind: number; readonly id: number; readonly payload: Buffer };

/** Payload length, command id, kind. */
const HEADER_BYTES = 12;

export function encodeMessage(kind: number, id: number, payload: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  message.writeUInt32LE(payload.length, 0);
  message.writeUInt32LE(id, 4);
  message.writeUInt32LE(kind, 8);
  message.set(payload, HEADER_BYTES);
  return message;
}

export function encodeWords(...words: number[]): Buffer {
  return Buffer.from(Uint32Array.from(words).buffer);
}

export type StartRequest = {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly tty: boolean;
  readonly rows: number;
  readonly columns: number;
};

/** The payload of a start message. Throws when a string has a NUL in it, which would shift all that follow. */
export function encodeStart(request: StartRequest): Buffer {
  const env = Object.entries(request.env).map(([name, value]) => `${name}=${value}`);
  const strings = [request.cwd, ...request.command, ...env];
  const bad = strings.find((text) => text.includes("\0"));
  if (bad !== undefined)
    throw new Error(`${JSON.stringify(bad)} has a NUL byte, which no argument can carry; remove it`);
  const { tty, rows, columns, command } = request;
  const words = encodeWords(tty ? 1 : 0, rows, columns, command.length, env.length);
  return Buffer.concat([words, Buffer.from(strings.map((text) => `${text}\0`).join(""))]);
}

/** Cuts a stream of bytes into messages: give it every chunk in order, it returns what is complete. */
export function messageReader(): (chunk: Buffer) => Message[] {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = HEADER_BYTES;
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < wanted) return [];
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    const messages: Message[] = [];
    let at = 0;
    for (;;) {
      wanted = HEADER_BYTES + (bytes.length - at < HEADER_BYTES ? 0 : bytes.readUInt32LE(at));
      if (bytes.length - at < wanted) break;
      const payload = bytes.subarray(at + HEADER_BYTES, at + wanted);
      messages.push({ id: bytes.readUInt32LE(at + 4), kind: bytes.readUInt32LE(at + 8), payload });
      at += wanted;
    }
    chunks = at === bytes.length ? [] : [bytes.subarray(at)];
    held = bytes.length - at;
    return messages;
  };
}
