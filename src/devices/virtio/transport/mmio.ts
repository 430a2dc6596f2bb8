import { schedYield } from "../../../../ffi/sched.ts";
import type { InterruptLine, MmioDevice } from "../../device.ts";
import { readConfig, writeConfig } from "./config.ts";
import { Interrupt, Register, Status } from "./registers.ts";
import { PageWord, QueueWord, queueWord, type VirtioState, Word } from "./state.ts";
import { isConfigurable, writeStatus } from "./status.ts";

/** Which word of a queue each of its registers is. */
const QUEUE_REGISTERS: ReadonlyMap<number, number> = new Map([
  [Register.QueueNum, QueueWord.NUM],
  [Register.QueueReady, QueueWord.READY],
  [Register.QueueDescLow, QueueWord.DESC],
  [Register.QueueDescHigh, QueueWord.DESC + 1],
  [Register.QueueDriverLow, QueueWord.DRIVER],
  [Register.QueueDriverHigh, QueueWord.DRIVER + 1],
  [Register.QueueDeviceLow, QueueWord.DEVICE],
  [Register.QueueDeviceHigh, QueueWord.DEVICE + 1],
]);

/** A turn of the back end is over in less; requests that are in flight take as long as the host's disk does. */
const YIELDS = 100;
const SLEEP_MS = 0.1;

/**
 * The guest's side of a virtio device: the virtio-mmio registers (virtio 1.2, section 4.2), served in the thread of
 * whichever vCPU touches them. It knows nothing of the kind of device; `VirtioTransport` is the other side.
 *
 * Registers take aligned accesses of 4 bytes, all that 4.2.2.2 allows. Any other reads as 0 and writes nothing, and so
 * do offsets without a register, reads of write-only registers and writes of read-only ones.
 */
export class VirtioMmio implements MmioDevice {
  readonly #state: VirtioState;
  readonly #kicks: readonly InterruptLine[];
  readonly #wake: InterruptLine;
  readonly #mayWait: () => boolean;

  /**
   * @param kicks one a queue: tells the back end of it. Under KVM an ioeventfd takes nearly every notification, and this
   *   is only for those it does not match
   * @param wake raised when the back end has something else to do: bring the device to life, or to rest
   * @param mayWait whether a vCPU that resets a busy device may be held until the reset is done: asked again and again
   *   meanwhile. False where the back end is in the same thread, and as soon as that vCPU is to stop
   */
  constructor(
    state: VirtioState,
    kicks: readonly InterruptLine[],
    wake: InterruptLine,
    mayWait: () => boolean = () => false,
  ) {
    this.#state = state;
    this.#kicks = kicks;
    this.#wake = wake;
    this.#mayWait = mayWait;
  }

  read(offset: number, data: Uint8Array, at: number, length: number): void {
    if (offset >= Register.Config) {
      readConfig(this.#state, offset - Register.Config, data, at, length);
      return;
    }
    data.fill(0, at, at + length);
    if (length !== 4 || offset % 4 !== 0) return;
    const value = Atomics.load(this.#state.page, offset / 4);
    for (let byte = 0; byte < 4; byte++) data[at + byte] = value >>> (8 * byte);
  }

  write(offset: number, data: Uint8Array, at: number, length: number): void {
    const { lock } = this.#state;
    if (offset >= Register.Config) {
      if (writeConfig(this.#state, offset - Register.Config, data, at, length)) this.#wake.raise();
      return;
    }
    if (length !== 4 || offset % 4 !== 0) return;
    const value = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    if (offset === Register.QueueNotify) {
      this.#kicks[value >>> 0]?.raise();
      return;
    }
    lock.acquire();
    const mustWake = this.#writeRegister(offset, value);
    lock.release();
    if (mustWake) this.#wake.raise();
    if (offset === Register.Status && value === 0) this.#waitForReset();
  }

  /**
   * The guest goes on when the back end has let go of its memory. A driver has to read the status until it is 0 (2.4.2),
   * but Linux's virtio_mmio does not: it frees the rings at once, and a device still at work would read what is somebody
   * else's by then, and write to it.
   */
  #waitForReset(): void {
    for (let tries = 0; this.#isResetPending() && this.#mayWait(); tries++) {
      if (tries < YIELDS) schedYield();
      else Bun.sleepSync(SLEEP_MS);
    }
  }

  #isResetPending(): boolean {
    const { words, lock } = this.#state;
    lock.acquire();
    const isPending = words[Word.RESET_PENDING] === 1;
    lock.release();
    return isPending;
  }

  /** With the lock held. @returns whether the back end must be woken */
  #writeRegister(offset: number, value: number): boolean {
    const { words } = this.#state;
    switch (offset) {
      case Register.DeviceFeaturesSel:
        words[Word.DEVICE_FEATURES_SEL] = value;
        this.#state.showSelected();
        return false;
      case Register.DriverFeaturesSel:
        words[Word.DRIVER_FEATURES_SEL] = value;
        return false;
      case Register.DriverFeatures:
        this.#acknowledge(words[Word.DRIVER_FEATURES_SEL]! >>> 0, value);
        return false;
      case Register.QueueSel:
        words[Word.QUEUE_SEL] = value;
        this.#state.showSelected();
        return false;
      case Register.InterruptACK:
        this.#acknowledgeInterrupt(value);
        return false;
      case Register.Status:
        return writeStatus(this.#state, value);
      default:
        this.#configureQueue(offset, value);
        return false;
    }
  }

  /** A standing interrupt has no end. */
  #acknowledgeInterrupt(value: number): void {
    const { page, words } = this.#state;
    const causes = value & (Interrupt.USED_BUFFER | Interrupt.CONFIGURATION_CHANGE) & ~words[Word.STANDING_INTERRUPT]!;
    Atomics.and(page, PageWord.INTERRUPT_STATUS, ~causes);
  }

  /** 32 of the driver's features; they are settled with FEATURES_OK. */
  #acknowledge(select: number, value: number): void {
    const { words, page } = this.#state;
    if ((page[PageWord.STATUS]! & Status.FEATURES_OK) !== 0) return;
    if (select <= 1) words[Word.DRIVER_FEATURES + select] = value;
    else words[Word.DRIVER_FEATURES_BEYOND]! |= value;
  }

  /**
   * Sizes and addresses are only kept here. They are judged when the driver says DRIVER_OK, and from then on can't be
   * changed: a back end that reads them again would take an unchecked one (CVE-2026-5747 was this).
   */
  #configureQueue(offset: number, value: number): void {
    const { words } = this.#state;
    const word = QUEUE_REGISTERS.get(offset);
    const queue = words[Word.QUEUE_SEL]! >>> 0;
    if (word === undefined || queue >= words[Word.QUEUES]! || !isConfigurable(this.#state)) return;
    words[queueWord(queue) + word] = value;
    this.#state.showSelected();
  }
}
