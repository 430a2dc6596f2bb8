import { describe, expect, test } from "bun:test";
import type { VirtioContext } from "../../../../../src/devices/virtio/device.ts";
import { releaseVrings, setUpVrings } from "../../../../../src/devices/virtio/vhost/vrings.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { GIB } from "../../../../../src/memory/regions.ts";
import { RecordingVhost } from "../../../../support/virtio/recording-vhost.ts";

const ERROR_FD = 77;
const KNOWN = (1n << 32n) | (1n << 29n) | (1n << 15n);

/** A driver that set up three queues, the last of them above 4 GiB, and left the fourth out. */
function context(memory: GuestMemory, features: bigint): VirtioContext {
  const ring = (isReady: boolean, base: number, high = 0) => ({
    max: 256,
    size: 64,
    isReady,
    descriptorTable: { low: base, high },
    driverArea: { low: base + 0x400, high },
    deviceArea: { low: base + 0x800, high },
  });
  const settings = [ring(true, 0x1000), ring(true, 0x2000), ring(true, 0x1000, 1), ring(false, 0)];
  return { memory, features, queues: [], settings, lines: { interrupt: 40, kicks: [50, 51, 52, 53] } };
}

describe("queues that the host's kernel serves", () => {
  test("are told as they lie in this process, ring by ring, with the driver's own descriptors", () => {
    using memory = GuestMemory.create(4 * GIB);
    const vhost = new RecordingVhost(KNOWN);
    setUpVrings(vhost, context(memory, KNOWN | 1n), [1, 2], ERROR_FD);

    const [low, high] = memory.regions.map(({ hostAddress }) => hostAddress);
    const at = (base: number) => ({ descriptors: base, avail: base + 0x400, used: base + 0x800 });
    expect(vhost.calls).toEqual([
      ["features", KNOWN],
      ["memory", memory.regions],
      ["size", 0, 64],
      ["base", 0, 0],
      ["addresses", 0, at(low! + 0x2000)],
      ["error", 0, ERROR_FD],
      ["call", 0, 40],
      ["kick", 0, 51],
      ["size", 1, 64],
      ["base", 1, 0],
      ["addresses", 1, at(high! + 0x1000)],
      ["error", 1, ERROR_FD],
      ["call", 1, 40],
      ["kick", 1, 52],
    ]);
  });

  test("must all be there", () => {
    using memory = GuestMemory.create(4 * GIB);
    const refused = () => setUpVrings(new RecordingVhost(KNOWN), context(memory, KNOWN), [2, 3], ERROR_FD);
    expect(refused).toThrow("queue 3 is not ready");
  });

  test("lose the driver's descriptors when it goes", () => {
    const vhost = new RecordingVhost(KNOWN);
    releaseVrings(vhost, [4, 5]);
    expect(vhost.calls).toEqual([
      ["kick", 0, -1],
      ["call", 0, -1],
      ["kick", 1, -1],
      ["call", 1, -1],
    ]);
  });
});
