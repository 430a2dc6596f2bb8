import { describe, expect, test } from "bun:test";
import { TUN_F } from "../../../../../ffi/tap.ts";
import { featureSet, hasFeature } from "../../../../../src/devices/virtio/features.ts";
import * as F from "../../../../../src/devices/virtio/net/features.ts";
import type { FakeTap } from "../../../../support/fake-tap.ts";
import { FakeAlarm } from "../../../../support/virtio/fake-alarm.ts";
import { frame, NetGuest, RX_BUFFER, TX_BUFFER } from "./support.ts";

const COMMON = featureSet(29, 32);

describe("configuration space", () => {
  test("has MAC, link, pairs and MTU", () => {
    using guest = new NetGuest({ config: { mtu: 9000, queue_pairs: 2 } });
    const bytes = guest.driver.readBytes(0x100, 12);
    expect(bytes).toEqual(Uint8Array.of(6, 0, 0xac, 0x10, 0, 2, 1, 0, 2, 0, 0x28, 0x23));
    expect(guest.driver.readBytes(0x10c, 4)).toEqual(Uint8Array.of(0, 0, 0, 0));
  });

  test("can't be written by a driver", () => {
    using guest = NetGuest.started();
    guest.driver.writeBytes(0x100, Uint8Array.of(1, 2, 3, 4, 5, 6));
    expect(guest.driver.readBytes(0x100, 6)).toEqual(Uint8Array.of(6, 0, 0xac, 0x10, 0, 2));
  });
});

describe("what is offered", () => {
  const offered = (config: ConstructorParameters<typeof NetGuest>[0] = {}): bigint => {
    using guest = new NetGuest(config);
    return guest.driver.offered();
  };

  test("is offloads both ways, merged buffers and the link's state", () => {
    for (const bit of [0, 1, 7, 8, 9, 11, 12, 13, 15, 16, 29, 32]) expect(hasFeature(offered(), bit)).toBe(true);
  });

  test("is a MAC, an MTU, several queues only where they were configured", () => {
    const plain = offered();
    expect(hasFeature(plain, F.VIRTIO_NET_F_MAC)).toBe(true);
    expect(hasFeature(plain, F.VIRTIO_NET_F_MTU)).toBe(false);
    expect(hasFeature(plain, F.VIRTIO_NET_F_CTRL_VQ)).toBe(false);
    const rich = offered({ config: { mtu: 1280, queue_pairs: 3 } });
    expect(hasFeature(rich, F.VIRTIO_NET_F_MTU)).toBe(true);
    expect(hasFeature(rich, F.VIRTIO_NET_F_CTRL_VQ)).toBe(true);
    expect(hasFeature(rich, F.VIRTIO_NET_F_MQ)).toBe(true);
  });
});

describe("the TAP", () => {
  test.each([
    ["nothing", 0n, 0],
    ["checksums", featureSet(F.VIRTIO_NET_F_GUEST_CSUM), TUN_F.CSUM],
    ["segments without checksums", featureSet(F.VIRTIO_NET_F_GUEST_TSO4), 0],
    ["ECN without segments", featureSet(F.VIRTIO_NET_F_GUEST_CSUM, F.VIRTIO_NET_F_GUEST_ECN), TUN_F.CSUM],
    [
      "IPv6 segments with ECN",
      featureSet(F.VIRTIO_NET_F_GUEST_CSUM, F.VIRTIO_NET_F_GUEST_TSO6, F.VIRTIO_NET_F_GUEST_ECN),
      TUN_F.CSUM | TUN_F.TSO6 | TUN_F.TSO_ECN,
    ],
    ["all", 0xffff_ffffn, TUN_F.CSUM | TUN_F.TSO4 | TUN_F.TSO6 | TUN_F.TSO_ECN],
  ])("is told what a driver of %s can take", (_, features, flags) => {
    using guest = NetGuest.started({}, { features: COMMON | features });
    expect(guest.tap.calls).toEqual([
      ["header", 12],
      ["offload", flags],
    ]);
  });

  test("that refuses, leaves a device that needs a reset", () => {
    using guest = new NetGuest();
    guest.tap.answer = 22;
    guest.start();
    guest.expectNeedsReset();
    guest.tap.answer = 0;
    guest.expectRecovery();
  });
});

const PAIRS_SET = [4, 0];
/** A control command: what the driver reads as its answer, and how many bytes it was told were written. */
function command(guest: NetGuest, ...bytes: number[]): { ack: number; length: number | undefined } {
  const control = guest.driver.queues.at(-1)!;
  guest.memory.write(TX_BUFFER, Uint8Array.from(bytes));
  guest.memory.write(TX_BUFFER + 100, Uint8Array.of(0xee));
  control.add({ address: TX_BUFFER, length: bytes.length }, { address: TX_BUFFER + 100, length: 1, writable: true });
  control.kick();
  guest.turn();
  return { ack: guest.bytes(TX_BUFFER + 100, 1)[0]!, length: control.takeUsed()[0]?.length };
}

describe("several queue pairs", () => {
  const attached = (tap: FakeTap) => tap.calls.filter(([name]) => name === "attached").map(([, value]) => value);

  test("are one until the driver asks for more", () => {
    using guest = NetGuest.started({ config: { queue_pairs: 2 } });
    expect(guest.driver.queues.map(({ size }) => size)).toEqual([256, 256, 256, 256, 64]);
    expect(guest.taps.map(attached)).toEqual([[], [false]]);
    guest.driver.queues[3]!.add({ address: TX_BUFFER, length: 100 });
    guest.driver.queues[3]!.kick();
    guest.turn();
    expect(guest.taps[1]!.receiveAll()).toEqual([]);
  });

  test("work when it does, with what was put into their queues before", () => {
    using guest = NetGuest.started({ config: { queue_pairs: 2 } });
    guest.memory.write(TX_BUFFER + 0x1000, frame(100));
    guest.driver.queues[3]!.add({ address: TX_BUFFER + 0x1000, length: 100 });
    guest.driver.queues[3]!.kick();
    guest.turn();
    expect(command(guest, ...PAIRS_SET, 2, 0)).toEqual({ ack: 0, length: 1 });
    expect(guest.taps.map(attached)).toEqual([[], [false, true]]);
    expect(guest.taps[1]!.receiveAll()).toEqual([frame(100)]);
    guest.driver.queues[2]!.add({ address: RX_BUFFER, length: 2048, writable: true });
    guest.driver.queues[2]!.kick();
    guest.taps[1]!.send(frame(70));
    guest.turn();
    expect(guest.driver.queues[2]!.takeUsed()).toEqual([{ id: 0, length: 70 }]);
    guest.expectWorking();
  });

  test("rest when it asks for fewer, and after a reset", () => {
    using guest = NetGuest.started({ config: { queue_pairs: 3 } });
    command(guest, ...PAIRS_SET, 3, 0);
    expect(command(guest, ...PAIRS_SET, 1, 0)).toEqual({ ack: 0, length: 1 });
    expect(guest.taps.map((tap) => attached(tap).at(-1))).toEqual([undefined, false, false]);
    command(guest, ...PAIRS_SET, 2, 0);
    guest.expectRecovery();
    expect(guest.taps.map((tap) => attached(tap).at(-1))).toEqual([undefined, false, false]);
  });

  test("have their receive buffers when they work again: the driver gave them once", () => {
    using guest = NetGuest.started({ config: { queue_pairs: 2 } });
    command(guest, ...PAIRS_SET, 2, 0);
    const rx = guest.driver.queues[2]!;
    for (let i = 0; i < 16; i++) rx.add({ address: RX_BUFFER + i * 2048, length: 2048, writable: true });
    rx.kick();
    guest.turn();
    for (let time = 0; time < 16; time++) {
      command(guest, ...PAIRS_SET, 1, 0);
      command(guest, ...PAIRS_SET, 2, 0);
      guest.taps[1]!.send(frame(70 + time));
      guest.turn();
      expect(rx.takeUsed()).toEqual([{ id: time, length: 70 + time }]);
    }
    guest.expectRecovery();
  });

  test("send and receive nothing while they rest", () => {
    using guest = NetGuest.started({ config: { queue_pairs: 2 } });
    command(guest, ...PAIRS_SET, 2, 0);
    const [, , rx, tx] = guest.driver.queues;
    rx!.add({ address: RX_BUFFER, length: 2048, writable: true });
    rx!.kick();
    guest.turn();
    command(guest, ...PAIRS_SET, 1, 0);
    guest.taps[1]!.send(frame(70));
    guest.memory.write(TX_BUFFER + 0x1000, frame(100));
    tx!.add({ address: TX_BUFFER + 0x1000, length: 100 });
    tx!.kick();
    expect(guest.turn()).toBeLessThan(10);
    expect(rx!.takeUsed()).toEqual([]);
    expect(guest.taps[1]!.receiveAll()).toEqual([]);
    command(guest, ...PAIRS_SET, 2, 0);
    expect(rx!.takeUsed()).toEqual([{ id: 0, length: 70 }]);
    expect(guest.taps[1]!.receiveAll()).toEqual([frame(100)]);
  });

  test.each([
    ["no pair", [...PAIRS_SET, 0, 0]],
    ["more pairs than there are", [...PAIRS_SET, 3, 0]],
    ["65,535 pairs", [...PAIRS_SET, 0xff, 0xff]],
    ["an unknown command", [4, 1, 1, 0]],
    ["an unknown class", [0, 0, 1, 0]],
    ["a command cut short", [4, 0, 1]],
    ["a command too long", [4, 0, 1, 0, 0]],
    ["one byte", [4]],
  ])("refuse %s", (_, bytes) => {
    using guest = NetGuest.started({ config: { queue_pairs: 2 } });
    expect(command(guest, ...bytes)).toEqual({ ack: 1, length: 1 });
    expect(guest.device.counters.badCommands).toBe(1);
    guest.expectRecovery();
  });

  test("take a command in pieces, and one without room for an answer", () => {
    using guest = NetGuest.started({ config: { queue_pairs: 2 } });
    const control = guest.driver.queues.at(-1)!;
    guest.memory.write(TX_BUFFER, Uint8Array.of(4, 0, 2, 0));
    control.add(...[0, 1, 2, 3].map((i) => ({ address: TX_BUFFER + i, length: 1 })));
    control.kick();
    guest.turn();
    expect(control.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    expect(attached(guest.taps[1]!)).toEqual([false, true]);
  });

  test("of a driver that knows of one only have their control queue behind that", () => {
    const features = 0xffff_ffff_ffff_ffffn & ~featureSet(F.VIRTIO_NET_F_MQ);
    using guest = NetGuest.started({ config: { queue_pairs: 2 } }, { features });
    const [, , control] = guest.driver.queues;
    guest.memory.write(TX_BUFFER, Uint8Array.of(4, 0, 2, 0));
    control!.add({ address: TX_BUFFER, length: 4 }, { address: TX_BUFFER + 100, length: 1, writable: true });
    control!.kick();
    guest.turn();
    expect(guest.bytes(TX_BUFFER + 100, 1)[0]).toBe(1);
    guest.expectWorking();
  });
});

describe("rate limits", () => {
  const limits = { ops: { size: 10, refill_time: 1000, one_time_burst: 0 } };
  function limited(way: "rx_rate_limiter" | "tx_rate_limiter", queue_pairs = 1) {
    const alarm = new FakeAlarm();
    const clock = { alarm, now: alarm.now };
    const guest = NetGuest.started({
      config: { [way]: limits, queue_pairs },
      clocks: { receive: clock, transmit: clock },
    });
    const later = (ms: number): void => {
      alarm.time += ms * 1e6;
      for (const { fd, ready } of guest.device.sources) if (fd === alarm.fd) guest.rig.backend.run(ready);
      guest.turn();
    };
    return { guest, later };
  }

  test("hold packets of the guest's back in their queue, in order", () => {
    const { guest, later } = limited("tx_rate_limiter");
    using _ = guest;
    for (let i = 0; i < 15; i++) {
      guest.memory.write(TX_BUFFER + i * 256, frame(40 + i));
      guest.tx.add({ address: TX_BUFFER + i * 256, length: 40 + i });
    }
    guest.tx.kick();
    guest.turn();
    expect(guest.tx.takeUsed()).toHaveLength(10);
    expect(guest.turn()).toBe(0);
    later(500);
    const lengths = guest.tap.receiveAll().map(({ length }) => length);
    expect(lengths).toEqual(Array.from({ length: 15 }, (_, i) => 40 + i));
    expect(guest.device.counters).toMatchObject({ throttles: 1, txWaits: 0, txPackets: 15 });
  });

  test("hold packets for the guest back in the TAP, in order, and none is lost", () => {
    const { guest, later } = limited("rx_rate_limiter");
    using _ = guest;
    guest.giveBuffers(64);
    for (let i = 0; i < 15; i++) guest.tap.send(frame(40 + i));
    guest.turn();
    expect(guest.rx.takeUsed()).toHaveLength(10);
    expect(guest.turn()).toBe(0);
    later(500);
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([50, 51, 52, 53, 54]);
  });

  test("of one way leave the other alone, and a reset brings no new budget", () => {
    const { guest, later } = limited("rx_rate_limiter");
    using _ = guest;
    guest.giveBuffers(64);
    for (let i = 0; i < 11; i++) guest.tap.send(frame(40));
    guest.turn();
    guest.transmit(frame(100));
    expect(guest.tap.receiveAll()).toHaveLength(1);
    guest.driver.reset();
    guest.turn();
    guest.start();
    guest.giveBuffers(64);
    guest.tap.send(frame(80));
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([]);
    later(1000);
    expect(guest.rx.takeUsed().map(({ length }) => length)).toContain(80);
  });

  test("of what the guest sends are shared about equally by its pairs, but for one that sends nothing", () => {
    const { guest, later } = limited("tx_rate_limiter", 4);
    using _ = guest;
    command(guest, ...PAIRS_SET, 4, 0);
    guest.memory.write(TX_BUFFER + 0x1000, frame(100));
    const done = [0, 0, 0, 0];
    const busy = [0, 2, 3];
    const send = (pair: number, count: number): void => {
      const queue = guest.driver.queues[2 * pair + 1]!;
      for (let i = 0; i < count; i++) queue.add({ address: TX_BUFFER + 0x1000, length: 100 });
      if (count > 0) queue.kick();
    };
    for (const pair of busy) send(pair, 20);
    guest.turn();
    for (let time = 0; time < 300; time++) {
      later(100);
      for (const pair of busy) {
        const sent = guest.driver.queues[2 * pair + 1]!.takeUsed().length;
        done[pair]! += sent;
        send(pair, sent);
      }
      for (const tap of guest.taps) tap.receiveAll();
    }
    for (const pair of busy) expect(Math.abs(done[pair]! - 100)).toBeLessThan(15);
  });

  test("of what it receives are shared about equally by its pairs", () => {
    const { guest, later } = limited("rx_rate_limiter", 3);
    using _ = guest;
    command(guest, ...PAIRS_SET, 3, 0);
    const done = [0, 0, 0];
    const give = (pair: number, count: number): void => {
      const queue = guest.driver.queues[2 * pair]!;
      for (let i = 0; i < count; i++) queue.add({ address: RX_BUFFER, length: 2048, writable: true });
      queue.kick();
      for (let i = 0; i < count; i++) guest.taps[pair]!.send(frame(60));
    };
    for (let pair = 0; pair < 3; pair++) give(pair, 20);
    guest.turn();
    for (let time = 0; time < 300; time++) {
      later(100);
      for (let pair = 0; pair < 3; pair++) {
        const got = guest.driver.queues[2 * pair]!.takeUsed().length;
        done[pair]! += got;
        if (got > 0) give(pair, got);
      }
    }
    for (const packets of done) expect(Math.abs(packets - 100)).toBeLessThan(15);
  });
});
