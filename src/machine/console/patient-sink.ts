import type { PortSink } from "../../devices/virtio/console/port.ts";

/**
 * How long stdout may take nothing before what the guest's console prints is thrown away, in milliseconds. Linux prints
 * with interrupts off, spinning until the device has taken the bytes: a reader that is only slow gets all, one that has
 * stopped costs the guest's processor this long, once, and not for ever.
 */
const PATIENCE_MS = 50;

/** Where the guest's console prints to: stdout for as long as that takes something, and then nowhere. */
export class PatientSink implements PortSink {
  readonly #sink: PortSink;
  readonly #now: () => number;
  /** When stdout first took nothing, since it last took something. */
  #stuckSince = Number.POSITIVE_INFINITY;
  /** Bytes thrown away. */
  dropped = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(sink: PortSink, now: () => number) {
    this.#sink = sink;
    this.#now = now;
  }

  write(bytes: Uint8Array): number {
    const count = this.#sink.write(bytes);
    if (count > 0) {
      this.#stuckSince = Number.POSITIVE_INFINITY;
      return count;
    }
    const now = this.#now();
    this.#stuckSince = Math.min(this.#stuckSince, now);
    if (now - this.#stuckSince < PATIENCE_MS) return 0;
    this.dropped += bytes.length;
    return bytes.length;
  }

  /** For who has bytes that were not taken: milliseconds until they are thrown away. Write them again then. */
  patience(): number {
    return Math.max(0, this.#stuckSince + PATIENCE_MS - this.#now());
  }
}
