import type { GuestMemory } from "../../../memory/guest.ts";
import { gather } from "../queue/bytes.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import type { BalloonCounters } from "./counters.ts";
import { discardBuffers } from "./pages.ts";

/** Commands in `free_page_hint_cmd_id` (5.5.6.5); higher numbers each begin a new run. */
const VIRTIO_BALLOON_CMD_ID_STOP = 0;
const VIRTIO_BALLOON_CMD_ID_DONE = 1;
const FIRST_ID = 2;
const LAST_ID = 2 ** 32 - 1;

/**
 * Free-page hinting: asked for by a command's number, the driver allocates all free memory, names it, and keeps it until
 * it is told that the run is done.
 *
 * Linux under pressure takes pages back before that, without a word: a page that it reuses in the moment between naming it
 * and the host's looking at it loses what was written meanwhile. Reporting has no such gap; so hinting is off by default.
 */
export class Hints {
  /** What the driver was asked for: a number from 2, or DONE. */
  #command = VIRTIO_BALLOON_CMD_ID_DONE;
  #lastId = FIRST_ID - 1;
  /** The run the driver is in. Pages named outside the run that was asked for stay as they are. */
  #answered: number | undefined;
  #endsByItself = true;
  readonly #bytes = new Uint8Array(4);

  /** Whether the driver is in the run that was asked for. */
  get isRunning(): boolean {
    return this.#command >= FIRST_ID && this.#answered === this.#command;
  }

  /** What host and driver said last; a driver that was reset, or did not answer yet, said nothing. */
  get commands(): { readonly host: number; readonly guest: number | undefined } {
    return { host: this.#command, guest: this.#answered };
  }

  /** Begins a run. @param endsByItself when the driver has named all @returns the number to put into configuration space */
  begin(endsByItself: boolean): number {
    this.#endsByItself = endsByItself;
    this.#lastId = this.#lastId === LAST_ID ? FIRST_ID : this.#lastId + 1;
    this.#command = this.#lastId;
    return this.#command;
  }

  /** Ends it: the driver may have its pages back. @returns the number to put into configuration space */
  end(): number {
    this.#command = VIRTIO_BALLOON_CMD_ID_DONE;
    return this.#command;
  }

  /** Takes a chain: the number of the run that begins or STOP, or memory. @returns whether the run is to be ended now */
  take(chain: DescriptorChain, memory: GuestMemory, counters: BalloonCounters): boolean {
    if (chain.readableBytes > 0) {
      if (gather(chain, memory, this.#bytes) !== this.#bytes.length) {
        counters.errors++;
        return false;
      }
      const wasRunning = this.isRunning;
      this.#answered = new DataView(this.#bytes.buffer).getUint32(0, true);
      return wasRunning && this.#endsByItself && this.#answered === VIRTIO_BALLOON_CMD_ID_STOP;
    }
    if (!this.isRunning) return false;
    counters.hints++;
    counters.hintedBytes += discardBuffers(chain, memory, counters);
    return false;
  }

  reset(): void {
    this.#answered = undefined;
  }
}
