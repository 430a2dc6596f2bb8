import { describe, expect, test } from "bun:test";
import { featureSet } from "../../../../../src/devices/virtio/features.ts";
import { VIRTIO_NET_F_MRG_RXBUF } from "../../../../../src/devices/virtio/net/features.ts";
import { frame, NetGuest, RX_BUFFER, received } from "./support.ts";

const ALL = 0xffff_ffff_ffff_ffffn;
const NOT_MERGED = ALL & ~featureSet(VIRTIO_NET_F_MRG_RXBUF);

describe("a packet for the guest", () => {
  test("comes into the first buffer, with the header, and the number of buffers in it", () => {
    using guest = NetGuest.started();
    guest.memory.view(RX_BUFFER, 4096)!.fill(0xee);
    guest.giveBuffers(2);
    const packet = frame(300);
    guest.tap.send(packet);
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([{ id: 0, length: 300 }]);
    expect(guest.bytes(RX_BUFFER, 300)).toEqual(received(packet));
    expect(guest.bytes(RX_BUFFER + 300, 100).every((byte) => byte === 0xee)).toBe(true);
    expect(guest.driver.takeInterrupt()).toBe(1);
    expect(guest.device.counters).toMatchObject({ rxPackets: 1, rxBytes: 300, bytes: 300, errors: 0 });
  });

  test("fills as many buffers as it needs, and the driver sees all of them at once", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(64);
    const packet = frame(5000);
    guest.tap.send(packet);
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([
      { id: 0, length: 2048 },
      { id: 1, length: 2048 },
      { id: 2, length: 904 },
    ]);
    expect(guest.bytes(RX_BUFFER, 5000)).toEqual(received(packet, 3));
  });

  test("of 64 KiB, the longest there is, comes through", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(64);
    const packet = frame(65_565);
    guest.tap.send(packet);
    guest.turn();
    expect(guest.rx.takeUsed()).toHaveLength(33);
    expect(guest.bytes(RX_BUFFER, packet.length)).toEqual(received(packet, 33));
  });

  test("fits a buffer to the last byte", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(64);
    guest.tap.send(frame(4096));
    guest.turn();
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([2048, 2048]);
  });

  test("may lie in buffers of several descriptors, cut anywhere, even in the header", () => {
    using guest = NetGuest.started();
    const parts = [11, 1, 88, 400].map((length, i) => ({ address: RX_BUFFER + i * 0x1000, length, writable: true }));
    guest.rx.add(...parts);
    guest.rx.kick();
    const packet = frame(480);
    guest.tap.send(packet);
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([{ id: 0, length: 480 }]);
    const found = parts.flatMap(({ address, length }) => [...guest.bytes(address, length)]).slice(0, 480);
    expect(Uint8Array.from(found)).toEqual(received(packet));
  });

  test("of a driver that merges nothing has one buffer, or is dropped and the buffer kept", () => {
    using guest = NetGuest.started({}, { features: NOT_MERGED });
    guest.giveBuffers(3);
    guest.tap.send(frame(2048, 1));
    guest.tap.send(frame(2049, 2));
    guest.tap.send(frame(500, 3));
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([
      { id: 0, length: 2048 },
      { id: 1, length: 500 },
    ]);
    expect(guest.bytes(RX_BUFFER + 2048, 500)).toEqual(received(frame(500, 3)));
    expect(guest.device.counters).toMatchObject({ rxTooLong: 1, errors: 1 });
  });

  test("comes in order, a thousand of them, through a queue that wraps", () => {
    using guest = NetGuest.started({}, { size: 16 });
    const seen: number[] = [];
    for (let i = 0; i < 1000; i++) {
      guest.giveBuffers(1);
      guest.tap.send(frame(64 + (i % 200), i));
      guest.turn();
      for (const { length } of guest.rx.takeUsed()) seen.push(length);
    }
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => 64 + (i % 200)));
  });
});

describe("when the guest gives no buffers", () => {
  test("the TAP is left alone, and no turn is spent on it", () => {
    using guest = NetGuest.started();
    guest.tap.send(frame(100));
    guest.turn();
    expect(guest.turn()).toBe(0);
    expect(guest.device.counters.rxPackets).toBe(0);
  });

  test("a kick brings what waits, in order", () => {
    using guest = NetGuest.started();
    for (let i = 0; i < 3; i++) guest.tap.send(frame(100 + i));
    guest.turn();
    guest.giveBuffers(3);
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([100, 101, 102]);
  });

  test("it is asked for a kick, and not before", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(64);
    const before = guest.rx.availIdx;
    expect(guest.rx.wantsKick(before, before + 1)).toBe(false);
    for (let i = 0; i < 64; i++) {
      guest.tap.send(frame(100));
      guest.turn();
    }
    expect(guest.rx.takeUsed()).toHaveLength(64);
    expect(guest.rx.wantsKick(before, before + 1)).toBe(true);
  });

  test("a packet that has only some of its buffers waits for the others, and nothing of it is lost", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(2);
    const packet = frame(9000, 5);
    guest.tap.send(packet);
    guest.tap.send(frame(60, 6));
    guest.turn();
    expect(guest.turn()).toBe(0);
    expect(guest.rx.takeUsed()).toEqual([]);
    for (let i = 2; i < 6; i++) guest.rx.add({ address: RX_BUFFER + i * 2048, length: 2048, writable: true });
    guest.rx.kick();
    guest.turn();
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([2048, 2048, 2048, 2048, 808, 60]);
    expect(guest.bytes(RX_BUFFER, 9000)).toEqual(received(packet, 5));
    expect(guest.device.counters.errors).toBe(0);
  });

  test("one by one, they come to a big packet all the same", () => {
    using guest = NetGuest.started();
    const packet = frame(40_000, 9);
    guest.tap.send(packet);
    for (let i = 0; i < 20; i++) {
      guest.rx.add({ address: RX_BUFFER + i * 2048, length: 2048, writable: true });
      guest.rx.kick();
      guest.turn();
    }
    expect(guest.rx.takeUsed()).toHaveLength(20);
    expect(guest.bytes(RX_BUFFER, packet.length)).toEqual(received(packet, 20));
  });

  test("a packet that no queue full of such buffers holds is dropped, and the next one comes", () => {
    using guest = NetGuest.started({}, { size: 4 });
    guest.giveBuffers(4, 1000);
    guest.tap.send(frame(4001));
    guest.tap.send(frame(4000));
    guest.turn();
    expect(guest.rx.takeUsed()).toHaveLength(4);
    expect(guest.device.counters).toMatchObject({ rxTooLong: 1, rxPackets: 1 });
  });
});

test("a driver that wants no event index is told by flags when to kick", () => {
  using guest = NetGuest.started({}, { features: ALL & ~(1n << 29n) });
  expect(guest.rx.wantsKick(0, 1)).toBe(true);
  guest.giveBuffers(64);
  expect(guest.rx.wantsKick(0, 1)).toBe(false);
});
