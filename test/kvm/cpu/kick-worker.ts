/** Runs a tiny guest in volt's own vCPU loop, on a thread of its own, until it is told to stop. */
import { threadId } from "../../../ffi/process.ts";
import { VcpuLoop } from "../../../src/cpu/loop.ts";
import { TinyGuest } from "../tiny/guest.ts";

/** 32-bit words the two threads share. */
export const Word = { threadId: 0, runLow: 1, runHigh: 2, looks: 3, stop: 4, ended: 5, released: 6 } as const;

export interface Order {
  readonly shared: SharedArrayBuffer;
  readonly code: string;
}

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<Order>) => {
  const words = new Int32Array(data.shared);
  using guest = new TinyGuest(data.code, { chips: true });
  const loop = new VcpuLoop(guest.vcpu, guest.ports, guest.windows, {
    get stopped() {
      Atomics.add(words, Word.looks, 1);
      Atomics.notify(words, Word.looks);
      return Atomics.load(words, Word.stop) === 1;
    },
    deviceFault() {},
  });
  const { runAddress } = guest.vcpu;
  words[Word.runLow] = runAddress | 0;
  words[Word.runHigh] = Math.floor(runAddress / 0x1_0000_0000);
  Atomics.store(words, Word.threadId, threadId());
  Atomics.notify(words, Word.threadId);
  const end = loop.run();
  Atomics.store(words, Word.ended, end === "stopped" ? 1 : -1);
  Atomics.notify(words, Word.ended);
  // A kick writes to kvm_run: it stays mapped until nobody kicks any more.
  Atomics.wait(words, Word.released, 0);
};
