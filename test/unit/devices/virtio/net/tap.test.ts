/** The network device on a real TAP: what this machine's kernel makes of the guest's frames, and the guest of its. */
import { describe, expect, test } from "bun:test";
import { Fd } from "../../../../../ffi/fd.ts";
import { Tap } from "../../../../../ffi/tap.ts";
import { featureSet } from "../../../../../src/devices/virtio/features.ts";
import { openTaps } from "../../../../../src/devices/virtio/net/open.ts";
import { canMakeTaps, HostTap } from "../../../../support/host-tap.ts";
import { frame, HEADER, NetGuest, RX_BUFFER } from "./support.ts";

const MAC = "06:00:ac:10:00:02";
const COMMON = featureSet(29, 32, 15);
const GUEST_CSUM = featureSet(1);
const NEEDS_CSUM = 1;

/** A guest on a TAP that is up, and is read from time to time. */
class TapGuest extends NetGuest<Tap> {
  readonly host: HostTap;
  readonly #fds: readonly Fd[];

  private constructor(host: HostTap, numbers: readonly number[]) {
    super({ taps: numbers.map((number) => new Tap(number)), config: { queue_pairs: numbers.length } });
    this.host = host;
    this.#fds = numbers.map((number) => new Fd(number, host.name));
  }

  static create(queues = 1, ...words: readonly string[]): TapGuest {
    const host = new HostTap(...words);
    const guest = new TapGuest(host, openTaps(host.name, queues));
    host.up(MAC);
    return guest;
  }

  /** The payload of a datagram that the host sends to the guest, as the guest finds it; and the header's flags. */
  async datagram(text: string): Promise<{ payload: string; flags: number }> {
    const socket = await Bun.udpSocket({ connect: { hostname: `${this.host.network}.2`, port: 7777 } });
    socket.send(text);
    socket.close();
    for (let tries = 0; tries < 200; tries++) {
      this.turn();
      for (const { id, length } of this.rx.takeUsed()) {
        const found = this.bytes(RX_BUFFER + id * 2048, length);
        const payload = Buffer.from(found).toString("latin1");
        if (payload.endsWith(text)) return { payload: text, flags: found[0]! };
      }
      await Bun.sleep(5);
    }
    throw new Error(`the guest did not get ${text}`);
  }

  override [Symbol.dispose](): void {
    for (const fd of this.#fds) fd.close();
    this.host[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}

/** An Ethernet frame with a header in front that says what is given. */
function framed(header: {
  flags?: number;
  gsoType?: number;
  gsoSize?: number;
  csumStart?: number;
  csumOffset?: number;
}) {
  const bytes = frame(200);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, header.flags ?? 0);
  view.setUint8(1, header.gsoType ?? 0);
  view.setUint16(4, header.gsoSize ?? 0, true);
  view.setUint16(6, header.csumStart ?? 0, true);
  view.setUint16(8, header.csumOffset ?? 0, true);
  bytes.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 6, 0, 0xac, 0x10, 0, 2, 8, 0], HEADER);
  return bytes;
}

describe.skipIf(!canMakeTaps)("on a real TAP", () => {
  test("a frame of the guest's reaches the host", () => {
    using guest = TapGuest.create();
    guest.start();
    guest.transmit(framed({}));
    expect(guest.device.counters).toMatchObject({ txPackets: 1, txRefused: 0 });
    expect(guest.host.statistic("rx_packets")).toBe(1);
    expect(guest.host.statistic("rx_bytes")).toBe(200 - HEADER);
  });

  test("a packet of the host's reaches the guest, its checksum left to a driver that can make it", async () => {
    using guest = TapGuest.create();
    guest.start({ features: COMMON | GUEST_CSUM });
    guest.giveBuffers(100);
    expect(await guest.datagram("left to the driver")).toEqual({ payload: "left to the driver", flags: NEEDS_CSUM });
  });

  test("and made for a driver that can't", async () => {
    using guest = TapGuest.create();
    guest.start({ features: COMMON });
    guest.giveBuffers(100);
    expect(await guest.datagram("made by the host")).toEqual({ payload: "made by the host", flags: 0 });
  });

  test.each([
    ["an unknown GSO type", { gsoType: 77, gsoSize: 1000 }],
    ["a GSO size of 0", { gsoType: 1, gsoSize: 0 }],
    ["a checksum that starts past the end", { flags: NEEDS_CSUM, csumStart: 5000, csumOffset: 16 }],
    ["a checksum's place past the end", { flags: NEEDS_CSUM, csumStart: 34, csumOffset: 60_000 }],
  ])("a frame with %s is refused, its buffer comes back, and the next one goes out", (_, header) => {
    using guest = TapGuest.create();
    guest.start();
    guest.transmit(framed(header));
    guest.transmit(framed({}));
    expect(guest.tx.takeUsed()).toHaveLength(2);
    expect(guest.device.counters).toMatchObject({ txRefused: 1, txPackets: 1 });
    expect(guest.host.statistic("rx_packets")).toBe(1);
  });

  test("frames are lost while the interface is down, and get through when it is up again", () => {
    using guest = TapGuest.create();
    guest.start();
    Bun.spawnSync(["ip", "link", "set", guest.host.name, "down"]);
    guest.transmit(framed({}));
    expect(guest.device.counters.txRefused).toBe(1);
    Bun.spawnSync(["ip", "link", "set", guest.host.name, "up"]);
    guest.transmit(framed({}));
    expect(guest.device.counters.txPackets).toBe(1);
  });

  test("when it is deleted the guest has no link, volt says so, and nobody is woken any more", () => {
    using guest = TapGuest.create();
    guest.start();
    guest.giveBuffers(4);
    guest.driver.takeInterrupt();
    guest.host.delete();
    guest.turn();
    expect(guest.turn()).toBe(0);
    expect(guest.driver.takeInterrupt() & 2).toBe(2);
    expect(guest.driver.readBytes(0x106, 2)).toEqual(Uint8Array.of(0, 0));
    expect(guest.rig.reports).toEqual(["net0: the TAP tap0 was deleted: the guest has no link"]);
    guest.driver.reset();
    guest.turn();
    guest.start();
    guest.transmit(framed({}));
    expect(guest.tx.takeUsed()).toHaveLength(1);
  });

  test("when it is deleted while nobody reads it, the guest's next frame shows it", () => {
    using guest = TapGuest.create();
    guest.start();
    guest.host.delete();
    expect(guest.turn()).toBe(0);
    guest.transmit(framed({}));
    expect(guest.driver.readBytes(0x106, 2)).toEqual(Uint8Array.of(0, 0));
  });

  test("queues of a TAP are attached and detached as the driver asks, and work", () => {
    using guest = TapGuest.create(2, "multi_queue");
    guest.start();
    const control = guest.driver.queues.at(-1)!;
    for (const pairs of [2, 1, 2, 1, 2]) {
      guest.memory.write(RX_BUFFER, Uint8Array.of(4, 0, pairs, 0, 0xee));
      control.add({ address: RX_BUFFER, length: 4 }, { address: RX_BUFFER + 4, length: 1, writable: true });
      control.kick();
      guest.turn();
      expect(guest.bytes(RX_BUFFER + 4, 1)).toEqual(Uint8Array.of(0));
    }
    const queue = guest.driver.queues[3]!;
    guest.memory.write(RX_BUFFER, framed({}));
    queue.add({ address: RX_BUFFER, length: 200 });
    queue.kick();
    guest.turn();
    expect(guest.device.counters).toMatchObject({ txPackets: 1, txRefused: 0, tapGone: 0 });
  });
});
