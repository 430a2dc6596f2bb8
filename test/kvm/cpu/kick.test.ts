import { describe, expect, test } from "bun:test";
import { installKick } from "../../../ffi/signal.ts";
import { kick, type Runner } from "../../../src/cpu/kick.ts";
import { type Order, Word } from "./kick-worker.ts";

const KICKS = 1000;
/** How long a kick may take before it counts as lost: a busy host is slow, a lost kick takes for ever. */
const LOST_MS = 10_000;

describe("a kick gets a vCPU out of KVM_RUN, each of 1000 times,", () => {
  test.each([
    ["while it spins in guest code", "spin: jmp spin"],
    ["while it is halted and waits for an interrupt", "sti\nagain: hlt\njmp again"],
  ])("%s", (_, code) => {
    installKick();
    const words = startGuest(code);
    waitWhile(words, Word.threadId, 0);
    const runner = runnerOf(words);
    let answered = 0;
    for (let i = 0; i < KICKS; i++) {
      const looks = Atomics.load(words, Word.looks);
      expect(kick(runner)).toBeTrue();
      if (waitWhile(words, Word.looks, looks)) answered++;
    }
    expect(isStopped(words, runner)).toBeTrue();
    expect(answered).toBe(KICKS);
    expect(Atomics.load(words, Word.ended)).toBe(1);
  });
});

test("a kick that comes before KVM_RUN is not lost: the guest is not entered", () => {
  installKick();
  const words = startGuest("spin: jmp spin");
  waitWhile(words, Word.threadId, 0);
  // The thread is somewhere between publishing its id and KVM_RUN, or in it: either way one kick is enough.
  expect(isStopped(words, runnerOf(words))).toBeTrue();
});

function startGuest(code: string): Int32Array {
  const shared = new SharedArrayBuffer(64);
  const worker = new Worker(new URL("./kick-worker.ts", import.meta.url).href);
  worker.postMessage({ shared, code } satisfies Order);
  worker.unref();
  return new Int32Array(shared);
}

/** @returns whether one kick was enough */
function isStopped(words: Int32Array, runner: Runner): boolean {
  Atomics.store(words, Word.stop, 1);
  kick(runner);
  const isEnded = waitWhile(words, Word.ended, 0);
  Atomics.store(words, Word.released, 1);
  Atomics.notify(words, Word.released);
  return isEnded;
}

function runnerOf(words: Int32Array): Runner {
  const runAddress = words[Word.runHigh]! * 0x1_0000_0000 + (words[Word.runLow]! >>> 0);
  return { threadId: words[Word.threadId]!, runAddress };
}

/** @returns whether the word changed in time */
function waitWhile(words: Int32Array, index: number, value: number): boolean {
  return Atomics.wait(words, index, value, LOST_MS) !== "timed-out";
}
