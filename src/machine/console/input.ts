/** stdin on its way to the guest: read only as fast as the guest takes it, so nothing is lost and nothing piles up. */
import { Errno } from "../../../ffi/error.ts";
import { END_OF_STDIN, frameStdin } from "../../boot/stdin-frame.ts";
import type { ConsoleStream } from "./stream.ts";

/** What takes console input: a device's receive ring. */
export interface ByteSink {
  /** Takes as many of the bytes as there is room for. @returns how many */
  feed(bytes: Uint8Array): number;
  /** There will be no more, and the guest can be told so. */
  end?(): void;
}

/** How the guest's end of the console reads. */
export type InputMode =
  /** A person types: bytes as they are, but for the escape. */
  | "terminal"
  /** volt's own init reads a pipe: framed, so that every byte and the end of file arrive. */
  | "framed"
  /** volt's own init has a stream for it that is exact and can end: bytes as they are. */
  | "stream"
  /** Somebody else's guest reads a pipe: bytes as they are, end of file as Ctrl-D. */
  | "plain";

const CHUNK = 16_384;
/** Read at one go: a file that a guest takes as fast as it comes must not keep the main thread from all else. */
const CHUNKS_A_TURN = 16;
const END_OF_TRANSMISSION = Uint8Array.of(4);
const NOTHING = new Uint8Array(0);

export class ConsoleInput {
  readonly #stream: ConsoleStream;
  readonly #sink: ByteSink;
  readonly #mode: InputMode;
  readonly #filter: (bytes: Uint8Array) => Uint8Array;
  readonly #buffer = new Uint8Array(CHUNK);
  /** Read, and not yet taken by the guest. */
  #pending: Uint8Array = NOTHING;
  #ended = false;
  #any = false;

  /** @param filter takes escapes out of what is typed */
  constructor(stream: ConsoleStream, sink: ByteSink, mode: InputMode, filter: (bytes: Uint8Array) => Uint8Array) {
    this.#stream = stream;
    this.#sink = sink;
    this.#mode = mode;
    this.#filter = filter;
  }

  /** Whether stdin should be watched: not while the guest has yet to take what was read, nor after its end. */
  get wantsMore(): boolean {
    return !this.#ended && this.#pending.length === 0;
  }

  /**
   * Moves what there is, until stdin has no more for now or the guest takes no more.
   * @returns whether there is more than one turn should take
   */
  pump(): boolean {
    for (let chunks = 0; this.#push() && !this.#ended; chunks++) {
      if (chunks === CHUNKS_A_TURN) return true;
      const count = this.#stream.read(this.#buffer);
      if (count === -Errno.EAGAIN) return false;
      if (count === -Errno.EINTR) continue;
      this.#pending = count > 0 ? this.#incoming(this.#buffer.subarray(0, count)) : this.#end();
    }
    return false;
  }

  /**
   * Takes what a client of the API types, as if it had come by stdin.
   * @returns false, and takes nothing, while something else waits for the guest
   */
  type(bytes: Uint8Array): boolean {
    if (this.#pending.length > 0) return false;
    // A program whose standard input has ended reads no more.
    if (this.#ended && (this.#mode === "framed" || this.#mode === "stream")) return true;
    this.#any = true;
    this.#pending = this.#mode === "framed" ? frameStdin(bytes) : bytes;
    this.#push();
    return true;
  }

  /** Hands pending bytes to the guest. @returns whether it took all of them */
  #push(): boolean {
    if (this.#pending.length > 0) this.#pending = this.#pending.subarray(this.#sink.feed(this.#pending));
    return this.#pending.length === 0;
  }

  #incoming(bytes: Uint8Array): Uint8Array {
    this.#any = true;
    if (this.#mode === "terminal") return this.#filter(bytes);
    return this.#mode === "framed" ? frameStdin(bytes) : bytes;
  }

  /** End of file, or an error that means the same: the terminal hung up. */
  #end(): Uint8Array {
    this.#ended = true;
    if (this.#mode === "stream") this.#sink.end?.();
    if (this.#mode === "framed") return END_OF_STDIN;
    // Of /dev/null nobody expects a Ctrl-D to come out.
    return this.#mode === "plain" && this.#any ? END_OF_TRANSMISSION : NOTHING;
  }
}
