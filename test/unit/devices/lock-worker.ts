/** A thread of lock.test.ts: counts, with plain loads and stores, under the lock. */
import { memoryAt } from "../../../ffi/memory.ts";
import { SpinLock } from "../../../src/devices/lock.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<{ address: number; rounds: number }>) => {
  const words = new Int32Array(memoryAt(data.address, 4096));
  const lock = new SpinLock(words, 0);
  for (let i = 0; i < data.rounds; i++) {
    lock.acquire();
    words[1] = words[1]! + 1;
    lock.release();
  }
  self.postMessage("done");
};
