/** A console's output that no guest waits for: what can't go at once, or is more than a limit allows, is lost and counted. */
import { Errno } from "../../../ffi/error.ts";
import type { TokenBucketConfig } from "../../config/devices.ts";
import { RateLimiter } from "../../devices/virtio/limiter/rate-limiter.ts";
import type { ConsoleStream } from "./stream.ts";

/** The limit is asked about so many bytes at a time: all of them go, or none. */
const PIECE_BYTES = 64;

/** Bytes that were lost. */
export interface LostBytes {
  /** Since the limit allowed no more. */
  limited: number;
  /** Since the file or FIFO took no more. */
  missed: number;
}

export class LossyStream implements Pick<ConsoleStream, "write"> {
  readonly #stream: Pick<ConsoleStream, "write">;
  readonly #loses: boolean;
  readonly #limiter: RateLimiter;
  readonly #piece: number;
  readonly #lost: LostBytes;

  /**
   * @param loses whether what the stream does not take at once is lost; else its reader is waited for, as ever
   * @param now the monotonic clock, in nanoseconds
   */
  constructor(
    stream: Pick<ConsoleStream, "write">,
    { loses = false, limit }: { readonly loses?: boolean; readonly limit?: TokenBucketConfig },
    lost: LostBytes,
    now: () => number,
  ) {
    this.#stream = stream;
    this.#loses = loses;
    this.#limiter = new RateLimiter(limit ? { bandwidth: limit } : {}, now);
    this.#piece = limit ? PIECE_BYTES : Number.POSITIVE_INFINITY;
    this.#lost = lost;
  }

  /** Bytes that went or were lost, from the first; or minus errno. */
  write(bytes: Uint8Array): number {
    const piece = bytes.length > this.#piece ? bytes.subarray(0, this.#piece) : bytes;
    if (this.#limiter.take(piece.length, 0) > 0) {
      this.#lost.limited += piece.length;
      return piece.length;
    }
    const count = this.#stream.write(piece);
    if (count < piece.length) this.#limiter.giveBack(piece.length - Math.max(0, count), 0);
    if (count !== -Errno.EAGAIN || !this.#loses) return count;
    this.#lost.missed += piece.length;
    return piece.length;
  }
}
