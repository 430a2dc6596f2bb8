/** What a detached VM prints, in two files: when one is full, it becomes the older of the two. */
import { Fd } from "../../ffi/fd.ts";

/** Descriptors that survive the exec. */
export interface PlannedOutput {
  /** Open for appending and reading: whoever prints writes here. */
  readonly fd: number;
  readonly older: number;
}

/** Each of the two files. */
export const MOST_OUTPUT_BYTES = 1024 * 1024;
const COPY_BYTES = 64 * 1024;

export class BoundedOutput {
  readonly #current: Fd;
  readonly #older: Fd;

  constructor({ fd, older }: PlannedOutput) {
    this.#current = new Fd(fd, "the output");
    this.#older = new Fd(older, "the older output");
  }

  /**
   * Empties a file that is full, after a copy. Not by new names: the sandbox has no folder, and every thread that writes the
   * log has this descriptor. A disk that is full loses the older output, and ends nothing.
   */
  bound(): void {
    const { size } = this.#current.status();
    if (size < MOST_OUTPUT_BYTES) return;
    try {
      this.#older.truncate(0);
      for (let at = 0; at < size; at += COPY_BYTES) {
        this.#older.writeAt(at, this.#current.readAt(at, Math.min(COPY_BYTES, size - at)));
      }
    } catch {
      // What could not be copied is lost.
    }
    this.#current.truncate(0);
  }
}
