import type { InterruptLine } from "../../device.ts";
import type { QueueSettings } from "../queue/settings.ts";
import { Interrupt, Status } from "./registers.ts";
import { PageWord, QueueWord, queueWord, type VirtioState, Word } from "./state.ts";

/** What the driver wants of the back end. */
export interface DriverRequest {
  /** Resets done so far: another number than last time means that the device was reset since. */
  readonly epoch: number;
  /** The driver waits for a reset: bring home what is in flight, then call `finishReset`. */
  readonly wantsReset: boolean;
  /** DRIVER_OK: the device is to run. */
  readonly isRunning: boolean;
}

/**
 * The I/O thread's side of the registers. `VirtioMmio` is the guest's.
 *
 * The back end touches guest memory only between `enter` and `leave`, or while `leave` was told that requests are in
 * flight. A reset that comes meanwhile waits; one that comes otherwise is done by the vCPU itself, and `enter` tells.
 */
export class VirtioTransport {
  readonly #state: VirtioState;
  readonly #interrupt: InterruptLine;

  constructor(state: VirtioState, interrupt: InterruptLine) {
    this.#state = state;
    this.#interrupt = interrupt;
  }

  /** Rare: after a wake, or when `enter` says no. */
  request(): DriverRequest {
    const { words, page, lock } = this.#state;
    lock.acquire();
    const epoch = words[Word.EPOCH]!;
    const wantsReset = words[Word.RESET_PENDING] === 1;
    const isRunning = (page[PageWord.STATUS]! & Status.DRIVER_OK) !== 0;
    lock.release();
    return { epoch, wantsReset, isRunning };
  }

  /** Begins work for a running device. @returns false when it was reset since `epoch`, or is to be */
  enter(epoch: number): boolean {
    const { words, lock } = this.#state;
    lock.acquire();
    const isLive = words[Word.EPOCH] === epoch && words[Word.RESET_PENDING] === 0;
    if (isLive) words[Word.BUSY] = 1;
    lock.release();
    return isLive;
  }

  /** Ends it. @param inFlight requests still use guest memory @returns whether the driver waits for a reset */
  leave(inFlight: boolean): boolean {
    const { words, lock } = this.#state;
    lock.acquire();
    // A reset that waits keeps the device busy until `finishReset`, which does the rest.
    const wantsReset = words[Word.RESET_PENDING] === 1;
    if (!wantsReset) words[Word.BUSY] = inFlight ? 1 : 0;
    lock.release();
    return wantsReset;
  }

  /** Answers a reset that waits: nothing of the device uses guest memory any more. */
  finishReset(): void {
    const { words, lock } = this.#state;
    lock.acquire();
    words[Word.BUSY] = 0;
    this.#state.resetRegisters();
    lock.release();
  }

  /** Features both sides agreed on. They do not change until the next reset. */
  negotiatedFeatures(): bigint {
    const { words } = this.#state;
    const half = (word: number): bigint => BigInt(words[word]! >>> 0);
    return half(Word.DRIVER_FEATURES) | (half(Word.DRIVER_FEATURES + 1) << 32n);
  }

  /** What the driver wrote about a queue, unchecked. It does not change until the next reset. */
  queueSettings(queue: number): QueueSettings {
    const { words } = this.#state;
    const first = queueWord(queue);
    const word = (index: number): number => words[first + index]! >>> 0;
    const address = (index: number) => ({ low: word(index), high: word(index + 1) });
    return {
      max: word(QueueWord.MAX),
      size: word(QueueWord.NUM),
      isReady: word(QueueWord.READY) === 1,
      descriptorTable: address(QueueWord.DESC),
      driverArea: address(QueueWord.DRIVER),
      deviceArea: address(QueueWord.DEVICE),
    };
  }

  /**
   * Tells the driver of used buffers; between `enter` and `leave`. The cause first, then the edge: a driver that finds no
   * cause takes the interrupt for somebody else's.
   */
  raiseUsedBuffer(): void {
    Atomics.or(this.#state.page, PageWord.INTERRUPT_STATUS, Interrupt.USED_BUFFER);
    this.#interrupt.raise();
  }

  /** The device can't go on (2.1.2): only a reset brings it back. */
  needsReset(): void {
    const { words, page, lock } = this.#state;
    lock.acquire();
    // A driver that is about to reset the device, or has, needs no telling.
    const isRunning = (page[PageWord.STATUS]! & Status.DRIVER_OK) !== 0 && words[Word.RESET_PENDING] === 0;
    if (isRunning) {
      Atomics.or(page, PageWord.STATUS, Status.DEVICE_NEEDS_RESET);
      Atomics.or(page, PageWord.INTERRUPT_STATUS, Interrupt.CONFIGURATION_CHANGE);
    }
    lock.release();
    if (isRunning) this.#interrupt.raise();
  }

  /** Changes configuration space, and tells a driver that runs. */
  changeConfig(offset: number, bytes: Uint8Array): void {
    const { words, page, config, lock } = this.#state;
    if (offset + bytes.length > words[Word.CONFIG_BYTES]!) throw new RangeError(`no configuration byte at ${offset}`);
    lock.acquire();
    // Another number before and after: a guest reads the page without the lock, and tries again when the two differ (2.5.1).
    Atomics.add(page, PageWord.CONFIG_GENERATION, 1);
    config.set(bytes, offset);
    Atomics.add(page, PageWord.CONFIG_GENERATION, 1);
    const isRunning = (page[PageWord.STATUS]! & Status.DRIVER_OK) !== 0;
    // Within the lock: the device may be reset right after, and starts anew without a cause.
    if (isRunning) Atomics.or(page, PageWord.INTERRUPT_STATUS, Interrupt.CONFIGURATION_CHANGE);
    lock.release();
    if (isRunning) this.#interrupt.raise();
  }

  /** Configuration space now, if the driver has written to it since the last call. */
  takeConfigWrite(): Uint8Array | undefined {
    const { words, config, lock } = this.#state;
    lock.acquire();
    const bytes = words[Word.CONFIG_WRITTEN] === 1 ? config.slice(0, words[Word.CONFIG_BYTES]) : undefined;
    words[Word.CONFIG_WRITTEN] = 0;
    lock.release();
    return bytes;
  }
}
