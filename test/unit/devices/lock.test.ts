import { expect, test } from "bun:test";
import { Mapping } from "../../../ffi/memory.ts";
import { SpinLock } from "../../../src/devices/lock.ts";

const LOCK = 3;

test("an uncontended lock is taken and given back without relaxing", () => {
  const words = new Int32Array(8);
  let relaxed = 0;
  const lock = new SpinLock(words, LOCK, () => relaxed++);
  for (let i = 0; i < 3; i++) {
    lock.acquire();
    expect(words[LOCK]).toBe(1);
    lock.release();
  }
  expect(words).toEqual(new Int32Array(8));
  expect(relaxed).toBe(0);
});

test("a contended lock relaxes until the holder has let go", () => {
  const words = new Int32Array(8);
  const holder = new SpinLock(words, LOCK);
  holder.acquire();
  let relaxed = 0;
  const waiter = new SpinLock(words, LOCK, () => {
    if (++relaxed === 3) holder.release();
  });
  waiter.acquire();
  expect(relaxed).toBe(3);
  expect(words[LOCK]).toBe(1);
});

test("threads that count under the lock lose no count", async () => {
  using memory = Mapping.create(4096, { about: "a lock's test" });
  const words = new Int32Array(memory.view());
  const rounds = 20_000;
  const workers = [1, 2].map(() => new Worker(new URL("./lock-worker.ts", import.meta.url)));
  await Promise.all(
    workers.map((worker) => {
      const done = new Promise((resolve, reject) => {
        worker.onmessage = resolve;
        worker.onerror = (event) => reject(new Error(event.message));
      });
      worker.postMessage({ address: memory.address, rounds });
      return done;
    }),
  );
  // The memory goes when this test does: the threads first.
  for (const worker of workers) worker.terminate();
  expect(words[1]).toBe(2 * rounds);
  expect(words[0]).toBe(0);
});
