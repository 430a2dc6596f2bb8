import { Errno } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { PIPE_BUF, pipeCapacity, pipeRoom } from "../../ffi/pipe.ts";
import { isReady, POLL } from "../../ffi/poll.ts";

/** Of other users too, who may read. */
const MODE = 0o644;

/**
 * A file to write lines to, made if need be, or a FIFO that needs no reader: opened for both ways, it has one.
 * @param how further flags of open(2)
 * @throws SystemError
 */
export function openLineTarget(path: string, how = 0): Fd {
  return Fd.open(path, O.RDWR | O.CREAT | O.NONBLOCK | how, MODE);
}

/**
 * Where whole lines go, without ever waiting: a file, a FIFO, a terminal, a socket, whether it may block or not. A line
 * that does not fit now is lost as a whole, so that a reader who comes late still finds lines.
 */
export class LineTarget {
  readonly #fd: Fd;
  readonly #isPipe: boolean;
  readonly #neverWaits: boolean;
  /** The end of a line of which the beginning went: a full disk, a pipe smaller than the line. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(fd: Fd) {
    this.#fd = fd;
    this.#isPipe = fd.status().kind === "fifo";
    this.#neverWaits = fd.isNonBlocking;
  }

  /** @param line with its end @returns whether it went; false: it is lost */
  write(line: string): boolean {
    if (this.#rest.length > 0 && !this.#push(this.#rest)) return false;
    return this.#rest.length === 0 && this.#push(Buffer.from(line));
  }

  /** @returns whether something of it went; what did not is kept */
  #push(bytes: Uint8Array): boolean {
    if (!this.#takes(bytes.length)) return false;
    const count = this.#write(bytes);
    if (count < 0) return false;
    this.#rest = bytes.subarray(count);
    return true;
  }

  #takes(length: number): boolean {
    const { number } = this.#fd;
    if (!this.#isPipe || length <= PIPE_BUF) return isReady(number, POLL.OUT);
    // What is bigger than the whole pipe goes in pieces, where that does not mean to wait for a reader.
    const capacity = this.#neverWaits ? pipeCapacity(number) : length;
    return pipeRoom(number) >= Math.min(length, capacity);
  }

  #write(bytes: Uint8Array): number {
    for (;;) {
      const count = this.#fd.write(bytes);
      if (count !== -Errno.EINTR) return count;
    }
  }
}
