/** Configuration space as the driver sees it (virtio 1.2, sections 2.5 and 4.2.2). Past its end it reads as 0. */
import { type VirtioState, Word } from "./state.ts";

/** Any width is answered: one access never sees half of a change, and `ConfigGeneration` tells of those in between. */
export function readConfig(state: VirtioState, offset: number, data: Uint8Array, at: number, length: number): void {
  const { words, config, lock } = state;
  const end = words[Word.CONFIG_BYTES]!;
  lock.acquire();
  for (let byte = 0; byte < length; byte++) {
    data[at + byte] = offset + byte < end ? config[offset + byte]! : 0;
  }
  lock.release();
}

/** Takes those bytes that lie in the writable part. @returns whether there were any: wake the back end */
export function writeConfig(state: VirtioState, offset: number, data: Uint8Array, at: number, length: number): boolean {
  const { words, config, lock } = state;
  const start = Math.max(words[Word.WRITABLE_START]! - offset, 0);
  const end = Math.min(words[Word.WRITABLE_END]! - offset, length);
  if (start >= end) return false;
  lock.acquire();
  const isOpen = words[Word.RESET_PENDING] === 0;
  if (isOpen) {
    for (let byte = start; byte < end; byte++) config[offset + byte] = data[at + byte]!;
    words[Word.CONFIG_WRITTEN] = 1;
  }
  lock.release();
  return isOpen;
}
