import { describe, expect, test } from "bun:test";
import { EPOLL, Epoll } from "../../../../ffi/epoll.ts";
import { EventFd } from "../../../../ffi/eventfd.ts";
import { Mapping } from "../../../../ffi/memory.ts";
import { VirtioBackend } from "../../../../src/devices/virtio/backend.ts";
import { RngDevice } from "../../../../src/devices/virtio/rng/device.ts";
import { VIRTIO_STATE_BYTES, VirtioState } from "../../../../src/devices/virtio/transport/state.ts";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import type { GuestOrder, GuestReport } from "./guest-worker.ts";
import { RAM } from "./support.ts";

const REQUESTS = 100_000;
const RESETS = 1000;
const SILENCE_MS = 10_000;
const Token = { wake: 0, kick: 1 };

describe("between two threads no kick and no interrupt gets lost, and a reset that is done leaves no writer behind", () => {
  test("where the driver reads the status until it is 0", async () => {
    const { guest, reports } = await race(false);
    expect(guest).toMatchObject({ served: REQUESTS, resets: RESETS, late: 0 });
    expect(reports).toEqual([]);
  }, 120_000);

  test("where it does not wait, as Linux's, and volt holds its vCPU", async () => {
    const { guest, reports } = await race(true);
    expect(guest).toMatchObject({ served: REQUESTS, resets: RESETS, late: 0, waited: 0 });
    expect(reports).toEqual([]);
  }, 120_000);
});

async function race(isHeld: boolean): Promise<{ guest: GuestReport | undefined; reports: string[] }> {
  using memory = GuestMemory.create(RAM);
  using block = Mapping.create(VIRTIO_STATE_BYTES, { about: "a virtio device's test" });
  using interrupt = EventFd.create("the test's interrupt line");
  using wake = EventFd.create("the test's wake line");
  using kick = EventFd.create("the test's queue");
  using epoll = new Epoll("the test's I/O thread");
  epoll.add(wake.number, EPOLL.IN, Token.wake);
  epoll.add(kick.number, EPOLL.IN, Token.kick);
  const device = new RngDevice();
  const state = new VirtioState(block.view());
  state.describe(device);
  const lines = {
    interrupt: { raise: () => interrupt.signal() },
    kicks: [{ raise: () => kick.signal() }],
    descriptors: { interrupt: interrupt.number, kicks: [kick.number] },
  };
  const reports: string[] = [];
  const backend = new VirtioBackend(device, state, memory, lines, (problem) => reports.push(problem));

  const worker = new Worker(new URL("./guest-worker.ts", import.meta.url));
  let guest: GuestReport | undefined;
  const done = new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<GuestReport>) => {
      guest = data;
      resolve();
    };
    worker.onerror = (event) => reject(new Error(event.message));
  });
  const order: GuestOrder = {
    state: block.address,
    regions: memory.regions,
    interrupt: interrupt.number,
    wake: wake.number,
    kick: kick.number,
    requests: REQUESTS,
    resets: RESETS,
    isHeld,
  };
  worker.postMessage(order);
  await Bun.sleep(1);

  // The guest's last act is a reset; what it says comes by the event loop.
  for (let idle = 0; idle < SILENCE_MS && !guest; ) {
    const count = epoll.wait(100);
    if (count === 0) {
      idle += 100;
      await Bun.sleep(0);
    }
    for (let i = 0; i < count; i++) {
      if (epoll.token(i) === Token.wake) {
        wake.take();
        backend.serve();
      } else if (kick.take()) backend.kick(0);
    }
  }
  await done;
  worker.terminate();

  return { guest, reports };
}
