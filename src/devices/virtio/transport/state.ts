/** A virtio device's registers, in memory that every thread has its own view on. */
import { SpinLock } from "../../lock.ts";
import { Interrupt, MAGIC, MMIO_VERSION, Register, VENDOR } from "./registers.ts";

/** Queues a device may have. */
export const MAX_QUEUES = 16;
/** Bytes of configuration space a device may have. */
export const MAX_CONFIG_BYTES = 256;

/**
 * The block starts with a page that is the window as the guest reads it, each register at its offset: where KVM can, the
 * guest is given that very page to read, and a read costs no exit (`connectVirtio`). Registers that are only written read
 * as 0 there.
 */
export const REGISTER_PAGE_BYTES = 4096;
/** The page's words that change. */
export const PageWord = {
  DEVICE_FEATURES: Register.DeviceFeatures / 4,
  QUEUE_NUM_MAX: Register.QueueNumMax / 4,
  QUEUE_READY: Register.QueueReady / 4,
  /** Touched by atomic operations only, without the lock. */
  INTERRUPT_STATUS: Register.InterruptStatus / 4,
  STATUS: Register.Status / 4,
  CONFIG_GENERATION: Register.ConfigGeneration / 4,
} as const;

/** The 32-bit words behind it, which no guest sees. */
export const Word = {
  LOCK: 0,
  /** What the driver wrote. */
  DEVICE_FEATURES_SEL: 2,
  DRIVER_FEATURES_SEL: 3,
  QUEUE_SEL: 4,
  /** What the driver acknowledged: bits 0 to 31, 32 to 63. */
  DRIVER_FEATURES: 5,
  /** Bits it acknowledged beyond 63, where nothing is ever offered, in one heap. */
  DRIVER_FEATURES_BEYOND: 7,

  /** Counts resets that are complete, so that the back end notices one that happened while it looked elsewhere. */
  EPOCH: 10,
  /** 1 while the back end may touch guest memory for this device: it runs, or requests are in flight. */
  BUSY: 11,
  /** 1 from a reset the driver asked for while the device was busy until the back end is done. */
  RESET_PENDING: 12,
  /** 1 when the driver has written to configuration space and the back end has not looked. */
  CONFIG_WRITTEN: 13,

  /** What the device is: written once, before any thread runs. */
  DEVICE_FEATURES: 17,
  QUEUES: 19,
  CONFIG_BYTES: 20,
  /** The part of configuration space a driver may write, as offsets. */
  WRITABLE_START: 21,
  WRITABLE_END: 22,
  /** What InterruptStatus always has set: see `kernelQueues`. */
  STANDING_INTERRUPT: 23,

  /** The queues, QUEUE_WORDS each. */
  QUEUE: 32,
} as const;

/** Words of a queue, relative to its first. */
export const QueueWord = {
  /** QueueNumMax: written once. */
  MAX: 0,
  NUM: 1,
  READY: 2,
  /** Addresses: low half, high half. */
  DESC: 3,
  DRIVER: 5,
  DEVICE: 7,
} as const;
const QUEUE_WORDS = 16;
const ALL_ONES = -1;

const WORDS = Word.QUEUE + MAX_QUEUES * QUEUE_WORDS;
/** Whole pages: the next device's block starts with one again. */
export const VIRTIO_STATE_BYTES = REGISTER_PAGE_BYTES + Math.ceil((WORDS * 4) / 4096) * 4096;

/** What a device is, as its registers tell it. */
export interface DeviceDescription {
  /** The device type (virtio 1.2, section 5). */
  readonly id: number;
  /** All feature bits offered. */
  readonly features: bigint;
  /** The most entries of each queue: a power of two up to 256. */
  readonly queueSizes: readonly number[];
  /** Configuration space at the start, at most 256 bytes. */
  readonly config: Uint8Array;
  /** The bytes of it that a driver may write, from `start` up to `end`. */
  readonly writableConfig?: { readonly start: number; readonly end: number };
  /**
   * Queues that the host's kernel serves (vhost), with most drivers: nobody else hears their kicks but a `KickWatch`. The
   * kernel signals the interrupt line without volt, which so can't set InterruptStatus: it always reads as set for such a
   * device, or Linux would take the interrupt for somebody else's.
   */
  readonly kernelQueues?: readonly number[];
}

/** One thread's view. Words are written with the lock held, whichever side writes. */
export class VirtioState {
  /** The registers as the guest reads them: see `PageWord`. */
  readonly page: Int32Array;
  /** Configuration space, the part of the page from `Register.Config` on. */
  readonly config: Uint8Array;
  readonly words: Int32Array;
  readonly lock: SpinLock;

  /** @param offset where in `memory` the device's block starts, a multiple of 4 */
  constructor(memory: ArrayBuffer, offset = 0) {
    this.page = new Int32Array(memory, offset, REGISTER_PAGE_BYTES / 4);
    this.config = new Uint8Array(memory, offset + Register.Config, MAX_CONFIG_BYTES);
    this.words = new Int32Array(memory, offset + REGISTER_PAGE_BYTES, WORDS);
    this.lock = new SpinLock(this.words, Word.LOCK);
  }

  /**
   * Power-on state of a zeroed block. Once a machine, before any thread runs.
   * @throws RangeError when the device does not fit, which is a mistake of its author
   */
  describe({ id, features, queueSizes, config, writableConfig, kernelQueues = [] }: DeviceDescription): void {
    if (queueSizes.length > MAX_QUEUES || config.length > MAX_CONFIG_BYTES) {
      throw new RangeError(`virtio device ${id}: at most ${MAX_QUEUES} queues and ${MAX_CONFIG_BYTES} bytes of config`);
    }
    const { words, page } = this;
    page[Register.MagicValue / 4] = MAGIC;
    page[Register.Version / 4] = MMIO_VERSION;
    page[Register.DeviceID / 4] = id;
    page[Register.VendorID / 4] = VENDOR;
    // No device here has shared memory; a region that does not exist has this length and address (4.2.2).
    page.fill(ALL_ONES, Register.SHMLenLow / 4, Register.SHMBaseHigh / 4 + 1);
    words[Word.DEVICE_FEATURES] = Number(BigInt.asIntN(32, features));
    words[Word.DEVICE_FEATURES + 1] = Number(BigInt.asIntN(32, features >> 32n));
    words[Word.QUEUES] = queueSizes.length;
    words[Word.CONFIG_BYTES] = config.length;
    words[Word.WRITABLE_START] = writableConfig?.start ?? 0;
    words[Word.WRITABLE_END] = Math.min(writableConfig?.end ?? 0, config.length);
    words[Word.STANDING_INTERRUPT] = kernelQueues.length > 0 ? Interrupt.USED_BUFFER : 0;
    queueSizes.forEach((size, queue) => {
      words[queueWord(queue) + QueueWord.MAX] = size;
    });
    this.config.set(config);
    page[PageWord.INTERRUPT_STATUS] = words[Word.STANDING_INTERRUPT]!;
    this.showSelected();
  }

  /** Shows what the driver selects. Called with the lock held, after a change of that or of what it shows. */
  showSelected(): void {
    const { words, page } = this;
    const half = words[Word.DEVICE_FEATURES_SEL]! >>> 0;
    page[PageWord.DEVICE_FEATURES] = half <= 1 ? words[Word.DEVICE_FEATURES + half]! : 0;
    const queue = words[Word.QUEUE_SEL]! >>> 0;
    const exists = queue < words[Word.QUEUES]!;
    page[PageWord.QUEUE_NUM_MAX] = exists ? words[queueWord(queue) + QueueWord.MAX]! : 0;
    // A reset that is not done yet shows here already: Linux looks at once, and warns if the queue is still up.
    const isUp = exists && words[Word.RESET_PENDING] === 0;
    page[PageWord.QUEUE_READY] = isUp ? words[queueWord(queue) + QueueWord.READY]! : 0;
  }

  /** All that a reset makes of the registers (2.4.1, 4.2.2.1). Called with the lock held. */
  resetRegisters(): void {
    const { words, page } = this;
    for (let word: number = Word.DEVICE_FEATURES_SEL; word <= Word.DRIVER_FEATURES_BEYOND; word++) words[word] = 0;
    for (let queue = 0; queue < words[Word.QUEUES]!; queue++) {
      const first = queueWord(queue);
      words.fill(0, first + QueueWord.NUM, first + QUEUE_WORDS);
    }
    Atomics.store(page, PageWord.INTERRUPT_STATUS, words[Word.STANDING_INTERRUPT]!);
    words[Word.RESET_PENDING] = 0;
    words[Word.CONFIG_WRITTEN] = 0;
    words[Word.EPOCH]!++;
    this.showSelected();
    // Last: a driver that polls for 0 without the lock finds everything else done.
    Atomics.store(page, PageWord.STATUS, 0);
  }
}

/** Index of a queue's first word. */
export function queueWord(queue: number): number {
  return Word.QUEUE + queue * QUEUE_WORDS;
}
