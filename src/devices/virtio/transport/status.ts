/** The status register: how a driver brings a device to life, and back (virtio 1.2, sections 2.1 and 3.1). */
import { VIRTIO_F_VERSION_1 } from "../features.ts";
import { Status } from "./registers.ts";
import { PageWord, type VirtioState, Word } from "./state.ts";

const VERSION_1_BIT = 1 << (VIRTIO_F_VERSION_1 - 32);

/**
 * Takes a write to the status register. Called with the lock held.
 *
 * - Bits are only ever added: one that the driver leaves out stays (2.1.1).
 * - ACKNOWLEDGE, DRIVER and FAILED only inform, and are always taken. What changes the device is taken in the order of
 *   3.1.1 alone, each in a write of its own: FEATURES_OK after DRIVER and for acceptable features, DRIVER_OK after
 *   FEATURES_OK, neither after FAILED. Anything else leaves them clear, which the driver sees when it reads back.
 * - DEVICE_NEEDS_RESET is the device's to set, all other bits mean nothing.
 *
 * @returns whether the back end has something to do now: wake it
 */
export function writeStatus(state: VirtioState, value: number): boolean {
  const { words, page } = state;
  // What a driver says before its reset is done is lost: it should have waited.
  if (words[Word.RESET_PENDING] === 1) return false;
  if (value === 0) return requestReset(state);
  const before = page[PageWord.STATUS]!;
  let after = before | (value & (Status.ACKNOWLEDGE | Status.DRIVER | Status.FAILED));
  if ((after & Status.FAILED) === 0) {
    if (value & Status.FEATURES_OK && before & Status.DRIVER && areFeaturesAcceptable(words))
      after |= Status.FEATURES_OK;
    if (value & Status.DRIVER_OK && before & Status.FEATURES_OK) after |= Status.DRIVER_OK;
  }
  Atomics.store(page, PageWord.STATUS, after);
  return (after & ~before & Status.DRIVER_OK) !== 0;
}

/** Whether the driver may set up queues: features are settled, the device does not run yet. Called with the lock held. */
export function isConfigurable({ words, page }: VirtioState): boolean {
  const { FEATURES_OK, DRIVER_OK, FAILED } = Status;
  const isBetween = (page[PageWord.STATUS]! & (FEATURES_OK | DRIVER_OK | FAILED)) === FEATURES_OK;
  return isBetween && words[Word.RESET_PENDING] === 0;
}

/**
 * A device whose back end does nothing is reset on the spot. Otherwise requests are in flight into memory that the
 * driver believes its own again after the reset (CVE-2026-45782 was this): then the register goes on reading non-zero
 * until the back end has brought them home and called `finishReset`. `VirtioMmio` holds the vCPU meanwhile.
 */
function requestReset(state: VirtioState): boolean {
  const { words, page } = state;
  const wasRunning = (page[PageWord.STATUS]! & Status.DRIVER_OK) !== 0;
  if (words[Word.BUSY] === 1) {
    words[Word.RESET_PENDING] = 1;
    state.showSelected();
  } else state.resetRegisters();
  return wasRunning;
}

/** Nothing that was not offered, and VERSION_1: there is no legacy interface here (6.1). */
function areFeaturesAcceptable(words: Int32Array): boolean {
  const low = words[Word.DRIVER_FEATURES]! & ~words[Word.DEVICE_FEATURES]!;
  const high = words[Word.DRIVER_FEATURES + 1]! & ~words[Word.DEVICE_FEATURES + 1]!;
  const isOffered = (low | high | words[Word.DRIVER_FEATURES_BEYOND]!) === 0;
  return isOffered && (words[Word.DRIVER_FEATURES + 1]! & VERSION_1_BIT) !== 0;
}
