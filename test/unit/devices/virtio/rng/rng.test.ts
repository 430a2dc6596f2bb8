import { describe, expect, test } from "bun:test";
import { MAX_REQUEST_BYTES } from "../../../../../src/devices/virtio/rng/request.ts";
import { BUFFER, Guest } from "../support.ts";

describe("the entropy device", () => {
  test("fills buffers with bytes that are no two times the same, and not a byte beyond", () => {
    using guest = Guest.started();
    const bytes = guest.memory.view(BUFFER, 4096)!;
    guest.queue.add({ address: BUFFER, length: 1000, writable: true });
    guest.kick();
    const first = bytes.slice(0, 1000);
    guest.queue.add({ address: BUFFER, length: 1000, writable: true });
    guest.kick();
    expect(first).not.toEqual(bytes.slice(0, 1000));
    // A thousand random bytes hold some 250 different ones: fewer than 200 once in more than the age of the universe.
    expect(new Set(first).size).toBeGreaterThan(200);
    expect(bytes.slice(1000).every((byte) => byte === 0)).toBe(true);
    expect(guest.rig.device.counters).toEqual({ requests: 2, bytes: 2000, empty: 0, failures: 0 });
  });

  test("fills several buffers of a chain", () => {
    using guest = Guest.started();
    guest.queue.add(
      { address: BUFFER, length: 100, writable: true },
      { address: BUFFER + 0x1000, length: 100, writable: true },
    );
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 200 }]);
    for (const at of [BUFFER, BUFFER + 0x1000])
      expect(guest.memory.view(at, 100)!.some((byte) => byte !== 0)).toBe(true);
  });

  test("gives 64 KiB a request at most, and the guest sees how much it got", () => {
    using guest = Guest.started();
    guest.queue.add({ address: BUFFER, length: MAX_REQUEST_BYTES + 1, writable: true });
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 65536 }]);
    expect(guest.memory.view(BUFFER + MAX_REQUEST_BYTES, 1)![0]).toBe(0);
  });

  test("gives 64 KiB for 256 buffers that are all the same memory", () => {
    using guest = Guest.started();
    guest.queue.add(...new Array(256).fill({ address: BUFFER, length: 0x10_0000, writable: true }));
    guest.kick();
    expect(guest.queue.takeUsed()).toEqual([{ id: 0, length: 65536 }]);
    guest.expectRecovery();
  });

  test("leaves readable buffers as they are", () => {
    using guest = Guest.started();
    guest.queue.add({ address: BUFFER, length: 64 }, { address: BUFFER + 64, length: 8, writable: true });
    guest.queue.add({ address: BUFFER, length: 64 });
    guest.kick();
    expect(guest.queue.takeUsed().map(({ length }) => length)).toEqual([8, 0]);
    expect(guest.memory.view(BUFFER, 64)!.every((byte) => byte === 0)).toBe(true);
    expect(guest.rig.device.counters.empty).toBe(1);
    guest.expectWorking();
  });
});
