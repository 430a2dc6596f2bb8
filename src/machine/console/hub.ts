/** Who else reads and types on a console, beside stdin and stdout: clients of the API. */

/** How much of what was printed last a new reader gets first, in bytes: a screen or some. */
const RECENT_BYTES = 16 * 1024;
/** Typed by one client and not yet taken by the guest: then nothing more is read of it. */
const MOST_TYPED_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);

/** A client, as the console sees it. */
export interface ConsoleReader {
  /** Takes all of it, or nothing when it is too far behind. */
  write(bytes: Uint8Array): boolean;
  /** `wantsInput` has changed. */
  changed(): void;
}

/** The console, as a client sees it. */
export interface Attachment {
  readonly wantsInput: boolean;
  type(bytes: Uint8Array): void;
  detach(): void;
}

interface Attached {
  readonly reader: ConsoleReader;
  typed: Uint8Array;
  /** Bytes that it was too slow for. */
  lost: number;
}

export class ConsoleHub {
  readonly #take: (bytes: Uint8Array) => boolean;
  readonly #attached = new Set<Attached>();
  readonly #recent = new Uint8Array(RECENT_BYTES);
  #printed = 0;

  /** @param take hands bytes to the guest: all of them, or none for now */
  constructor(take: (bytes: Uint8Array) => boolean) {
    this.#take = take;
  }

  /** A new reader: it gets what was printed last, and all from now on. A slow one loses some, and keeps nobody waiting. */
  attach(reader: ConsoleReader): Attachment {
    const one: Attached = { reader, typed: NOTHING, lost: 0 };
    const recent = this.#recentBytes();
    if (recent.length > 0) reader.write(recent);
    this.#attached.add(one);
    return {
      get wantsInput() {
        return one.typed.length < MOST_TYPED_BYTES;
      },
      type: (bytes) => {
        one.typed = one.typed.length === 0 ? bytes : Buffer.concat([one.typed, bytes]);
        this.pump();
      },
      detach: () => void this.#attached.delete(one),
    };
  }

  /** The guest has printed. */
  print(bytes: Uint8Array): void {
    this.#remember(bytes);
    for (const one of this.#attached) send(one, bytes);
  }

  /** Hands what was typed to the guest, as far as it takes it. */
  pump(): void {
    for (const one of this.#attached) {
      if (one.typed.length === 0 || !this.#take(one.typed)) continue;
      one.typed = NOTHING;
      one.reader.changed();
    }
  }

  #remember(bytes: Uint8Array): void {
    const last = bytes.length > RECENT_BYTES ? bytes.subarray(bytes.length - RECENT_BYTES) : bytes;
    this.#printed += bytes.length;
    const end = this.#printed % RECENT_BYTES;
    const start = (end - last.length + RECENT_BYTES) % RECENT_BYTES;
    const untilEdge = Math.min(last.length, RECENT_BYTES - start);
    this.#recent.set(last.subarray(0, untilEdge), start);
    this.#recent.set(last.subarray(untilEdge), 0);
  }

  #recentBytes(): Uint8Array {
    if (this.#printed <= RECENT_BYTES) return this.#recent.slice(0, this.#printed);
    const end = this.#printed % RECENT_BYTES;
    return Buffer.concat([this.#recent.subarray(end), this.#recent.subarray(0, end)]);
  }
}

/** Says how much is missing before it goes on. */
function send(one: Attached, bytes: Uint8Array): void {
  const notice = one.lost > 0 ? Buffer.from(`\r\n[volt: ${one.lost} bytes were lost here]\r\n`) : NOTHING;
  if (one.lost > 0 && one.reader.write(notice)) one.lost = 0;
  if (one.lost > 0 || !one.reader.write(bytes)) one.lost += bytes.length;
}
