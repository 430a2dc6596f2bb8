import type { InterruptLine, MmioDevice } from "../../device.ts";
import { readConfig, writeConfig } from "./config.ts";
import { Interrupt, MAGIC, MMIO_VERSION, Register, Status, VENDOR } from "./registers.ts";
import { QueueWord, queueWord, type VirtioState, Word } from "./state.ts";
import { isConfigurable, writeStatus } from "./status.ts";

const ALL_ONES = -1;

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

  /**
   * @param kicks one a queue: tells the back end of it. Under KVM an ioeventfd takes nearly every notification, and this
   *   is only for those it does not match
   * @param wake raised when the back end has something else to do: bring the device to life, or to rest
   */
  constructor(state: VirtioState, kicks: readonly InterruptLine[], wake: InterruptLine) {
    this.#state = state;
    this.#kicks = kicks;
    this.#wake = wake;
  }

  read(offset: number, data: Uint8Array, at: number, length: number): void {
    if (offset >= Register.Config) {
      readConfig(this.#state, offset - Register.Config, data, at, length);
      return;
    }
    data.fill(0, at, at + length);
    if (length !== 4 || offset % 4 !== 0) return;
    const value = this.#readRegister(offset);
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
  }

  /** Without the lock: every register is one word. @returns 32 bits, signed or not */
  #readRegister(offset: number): number {
    const { words } = this.#state;
    switch (offset) {
      case Register.MagicValue:
        return MAGIC;
      case Register.Version:
        return MMIO_VERSION;
      case Register.DeviceID:
        return words[Word.DEVICE_ID]!;
      case Register.VendorID:
        return VENDOR;
      case Register.DeviceFeatures:
        return this.#offered(words[Word.DEVICE_FEATURES_SEL]! >>> 0);
      case Register.QueueNumMax:
        return this.#readQueue(QueueWord.MAX);
      case Register.QueueReady:
        // A reset that is not done yet shows here already: Linux looks at once, and warns if the queue is still up.
        return Atomics.load(words, Word.RESET_PENDING) === 1 ? 0 : this.#readQueue(QueueWord.READY);
      case Register.InterruptStatus:
        return Atomics.load(words, Word.INTERRUPT_STATUS) | words[Word.STANDING_INTERRUPT]!;
      case Register.Status:
        return Atomics.load(words, Word.STATUS);
      case Register.ConfigGeneration:
        return Atomics.load(words, Word.CONFIG_GENERATION);
      case Register.SHMLenLow:
      case Register.SHMLenHigh:
      case Register.SHMBaseLow:
      case Register.SHMBaseHigh:
        // No device here has shared memory; a region that does not exist has this length and address (4.2.2).
        return ALL_ONES;
      default:
        return 0;
    }
  }

  /** With the lock held. @returns whether the back end must be woken */
  #writeRegister(offset: number, value: number): boolean {
    const { words } = this.#state;
    switch (offset) {
      case Register.DeviceFeaturesSel:
        words[Word.DEVICE_FEATURES_SEL] = value;
        return false;
      case Register.DriverFeaturesSel:
        words[Word.DRIVER_FEATURES_SEL] = value;
        return false;
      case Register.DriverFeatures:
        this.#acknowledge(words[Word.DRIVER_FEATURES_SEL]! >>> 0, value);
        return false;
      case Register.QueueSel:
        words[Word.QUEUE_SEL] = value;
        return false;
      case Register.InterruptACK:
        Atomics.and(words, Word.INTERRUPT_STATUS, ~(value & (Interrupt.USED_BUFFER | Interrupt.CONFIGURATION_CHANGE)));
        return false;
      case Register.Status:
        return writeStatus(this.#state, value);
      default:
        this.#configureQueue(offset, value);
        return false;
    }
  }

  /** 32 of the offered features. */
  #offered(select: number): number {
    return select <= 1 ? this.#state.words[Word.DEVICE_FEATURES + select]! : 0;
  }

  /** 32 of the driver's features; they are settled with FEATURES_OK. */
  #acknowledge(select: number, value: number): void {
    const { words } = this.#state;
    if ((words[Word.STATUS]! & Status.FEATURES_OK) !== 0) return;
    if (select <= 1) words[Word.DRIVER_FEATURES + select] = value;
    else words[Word.DRIVER_FEATURES_BEYOND]! |= value;
  }

  #readQueue(word: number): number {
    const { words } = this.#state;
    const queue = words[Word.QUEUE_SEL]! >>> 0;
    return queue < words[Word.QUEUES]! ? words[queueWord(queue) + word]! : 0;
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
  }
}
