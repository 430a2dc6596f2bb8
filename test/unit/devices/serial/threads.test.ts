import { expect, test } from "bun:test";
import { monotonicNs } from "../../../../ffi/clock.ts";
import { EPOLL, Epoll } from "../../../../ffi/epoll.ts";
import { EventFd } from "../../../../ffi/eventfd.ts";
import { Mapping } from "../../../../ffi/memory.ts";
import { SerialBackend } from "../../../../src/devices/serial/backend.ts";
import { Serial } from "../../../../src/devices/serial/serial.ts";
import { RING_BYTES } from "../../../../src/devices/serial/state.ts";
import { patternAt, patterned } from "../support.ts";
import type { GuestOrder, GuestReport } from "./guest-worker.ts";

const BYTES = 100_000;
const SILENCE_MS = 5000;

test("between two threads no byte, no interrupt and no wake gets lost, either way", async () => {
  using memory = Mapping.create(Serial.STATE_BYTES, { about: "a serial port's test" });
  using interrupt = EventFd.create("the test's interrupt line");
  using wake = EventFd.create("the test's wake line");
  using epoll = new Epoll("the test's I/O thread");
  epoll.add(wake.number, EPOLL.IN, 0);
  Serial.reset(memory.view());
  const backend = new SerialBackend(memory.view(), { raise: () => interrupt.signal() }, () => monotonicNs() / 1e6);

  const worker = new Worker(new URL("./guest-worker.ts", import.meta.url));
  const report = new Promise<GuestReport>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<GuestReport>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
  const order: GuestOrder = {
    address: memory.address,
    interrupt: interrupt.number,
    wake: wake.number,
    bytes: BYTES,
  };
  worker.postMessage(order);
  // The message goes out when this thread is back in its event loop.
  await Bun.sleep(1);

  const input = patterned(BYTES);
  let fed = 0;
  let taken = 0;
  let wrong = 0;
  // Until the guest has taken the last byte out of the ring.
  while (fed < BYTES || taken < BYTES || backend.room < RING_BYTES) {
    for (let piece = backend.readable(); piece.length > 0; piece = backend.readable()) {
      for (const byte of piece) if (byte !== patternAt(taken++)) wrong++;
      backend.consume(piece.length);
    }
    fed += backend.feed(input.subarray(fed));
    const until = backend.pump();
    if (!backend.sleep()) continue;
    const events = epoll.wait(until === Infinity ? SILENCE_MS : Math.ceil(until));
    if (events === 0 && until === Infinity) break;
    wake.take();
  }
  const guest = await report;
  worker.terminate();
  expect({ fed, taken, wrong, dropped: backend.dropped }).toEqual({ fed: BYTES, taken: BYTES, wrong: 0, dropped: 0 });
  expect(guest).toEqual({ sent: BYTES, received: BYTES, wrong: 0 });
}, 60_000);
