import { Errno } from "../../../../ffi/error.ts";
import { EventFd } from "../../../../ffi/eventfd.ts";
import type { Tap } from "../../../../ffi/tap.ts";
import { VHOST_FILE_UNBIND, type Vhost } from "../../../../ffi/vhost.ts";
import type { EventSource, VirtioContext } from "../device.ts";
import { releaseVrings, setUpVrings } from "../vhost/vrings.ts";
import { HEADER_BYTES } from "./frame.ts";
import type { QueuePair } from "./pair.ts";

/** vhost-net's rings: 0 receives, 1 transmits. */
const RINGS = [0, 1];

/** A queue pair that the host's kernel serves: packets go between TAP and guest memory without volt. */
export class VhostPair implements QueuePair {
  readonly sources: readonly EventSource[];
  readonly #tap: Tap;
  readonly #vhost: Vhost;
  readonly #error = EventFd.create("a ring of vhost-net");
  /** The kernel may touch guest memory: from the first ring that is started to the last that is stopped. */
  #isRunning = false;
  /** Where its rings go on: their driver's indices run through while the pair rests. */
  readonly #bases = RINGS.map(() => 0);

  readonly #gone: () => void;

  /**
   * Becomes the owner of `vhost`.
   * @param gone called when the TAP turns out to be deleted
   * @throws SystemError
   */
  constructor(tap: Tap, vhost: Vhost, gone: () => void) {
    this.#tap = tap;
    this.#gone = gone;
    this.#vhost = vhost;
    vhost.setOwner();
    this.sources = [{ fd: this.#error.number, ready: () => this.#failed() }];
  }

  get isBusy(): boolean {
    return this.#isRunning;
  }

  start(context: VirtioContext, pair: number): void {
    const queues = RINGS.map((ring) => 2 * pair + ring);
    setUpVrings(this.#vhost, context, queues, this.#error.number, this.#bases);
    this.#isRunning = true;
    for (const ring of RINGS) this.#vhost.setNetBackend(ring, this.#tap.fd);
    // A kick that came before the kernel had the TAP did nothing.
    for (const queue of queues) EventFd.attach(context.lines.kicks[queue]!, "a kick").signal();
  }

  /** The kernel hears of kicks itself. */
  transmit(): void {}

  receive(): void {}

  rest(): void {
    this.#halt();
    for (const ring of RINGS) this.#bases[ring] = this.#vhost.vringBase(ring);
  }

  stop(): void {
    this.#halt();
    this.#bases.fill(0);
  }

  #halt(): void {
    if (!this.#isRunning) return;
    for (const ring of RINGS) this.#vhost.setNetBackend(ring, VHOST_FILE_UNBIND);
    releaseVrings(this.#vhost, RINGS);
    this.#isRunning = false;
  }

  /** A TAP that was deleted fails the kernel's reads of it. Its rings are sound, and go on for nobody. */
  #failed(): void {
    if (!this.#error.take() || !this.#isRunning) return;
    if (this.#tap.setHeaderSize(HEADER_BYTES) !== Errno.EBADFD) {
      throw new Error("the host's kernel can make no sense of its rings");
    }
    this.#gone();
  }
}
