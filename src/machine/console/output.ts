/** The guest's console on its way to stdout. A reader that is slow or gone costs nobody anything. */
import { Errno } from "../../../ffi/error.ts";
import type { ConsoleStream } from "./stream.ts";

/** Where console bytes come from: a device's transmit ring. */
export interface ByteSupply {
  /** What waits, as far as it lies in one piece; empty when there is nothing. */
  readable(): Uint8Array;
  /** The first `count` of them are done with. */
  consume(count: number): void;
}

/** What became of a `flush`. */
export type Flushed =
  /** Nothing waits any more. */
  | "empty"
  /** stdout takes no more for now. */
  | "blocked"
  /** Nobody reads stdout any more: from here on bytes are thrown away. */
  | "closed";

export class ConsoleOutput {
  readonly #supply: ByteSupply;
  readonly #stream: ConsoleStream;
  #closed = false;
  /** Bytes taken from the supply: to stdout, or to nowhere once that is closed. */
  taken = 0;

  constructor(supply: ByteSupply, stream: ConsoleStream) {
    this.#supply = supply;
    this.#stream = stream;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Moves what waits, until all is out or stdout would make us wait. */
  flush(): Flushed {
    for (let bytes = this.#supply.readable(); bytes.length > 0; bytes = this.#supply.readable()) {
      const count = this.#closed ? bytes.length : this.#stream.write(bytes);
      if (count === -Errno.EAGAIN) return "blocked";
      if (count === -Errno.EINTR) continue;
      if (count < 0) {
        // EPIPE, EIO: the reader is gone and will not come back. The guest need not know.
        this.#closed = true;
        continue;
      }
      this.taken += count;
      this.#supply.consume(count);
    }
    return this.#closed ? "closed" : "empty";
  }
}
