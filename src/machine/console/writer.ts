/** stdout as the guest's end of the console sees it: somewhere bytes go, or have to wait. */
import { Errno } from "../../../ffi/error.ts";
import type { ConsoleStream } from "./stream.ts";

export class ConsoleWriter {
  readonly #stream: Pick<ConsoleStream, "write">;
  readonly #also: ((bytes: Uint8Array) => void) | undefined;
  #closed = false;
  /** Bytes taken: to stdout, or to nowhere once that is closed. */
  taken = 0;

  /** @param also gets every byte that was taken */
  constructor(stream: Pick<ConsoleStream, "write">, also?: (bytes: Uint8Array) => void) {
    this.#stream = stream;
    this.#also = also;
  }

  /** Whether nobody reads stdout any more: bytes are thrown away then. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Never waits. @returns how many bytes it took, from the first; 0: none for now */
  write(bytes: Uint8Array): number {
    const count = this.#write(bytes);
    this.taken += count;
    if (count > 0) this.#also?.(count === bytes.length ? bytes : bytes.subarray(0, count));
    return count;
  }

  #write(bytes: Uint8Array): number {
    while (!this.#closed) {
      const count = this.#stream.write(bytes);
      if (count >= 0) return count;
      if (count === -Errno.EAGAIN) return 0;
      // EPIPE, EIO: the reader is gone and will not come back. The guest need not know.
      if (count !== -Errno.EINTR) this.#closed = true;
    }
    return bytes.length;
  }
}
