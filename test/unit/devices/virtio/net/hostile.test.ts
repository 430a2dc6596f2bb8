/** What a hostile driver tries with a network device. After each the device works, at the latest after a reset. */
import { describe, expect, test } from "bun:test";
import { frame, NetGuest, RX_BUFFER, received, TX_BUFFER } from "./support.ts";

const PAST_RAM = 2 ** 40;

describe("receive buffers", () => {
  test("that are read-only go back empty, and the packet takes the next one", () => {
    using guest = NetGuest.started();
    guest.rx.add({ address: RX_BUFFER, length: 2048 });
    guest.giveBuffers(1);
    const before = guest.bytes(RX_BUFFER, 64);
    guest.tap.send(frame(60));
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([
      { id: 0, length: 0 },
      { id: 1, length: 60 },
    ]);
    expect(before.every((byte) => byte === 0)).toBe(true);
    expect(guest.device.counters.rxUselessBuffers).toBe(1);
    guest.expectRecovery();
  });

  test("with a read-only part before the writable one are not written there", () => {
    using guest = NetGuest.started();
    guest.rx.add({ address: RX_BUFFER, length: 64 }, { address: RX_BUFFER + 64, length: 2048, writable: true });
    guest.rx.kick();
    guest.tap.send(frame(60, 3));
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([{ id: 0, length: 60 }]);
    expect(guest.bytes(RX_BUFFER, 64).every((byte) => byte === 0)).toBe(true);
    expect(guest.bytes(RX_BUFFER + 64, 60)).toEqual(received(frame(60, 3)));
    guest.expectWorking();
  });

  test("of zero bytes go back empty", () => {
    using guest = NetGuest.started();
    guest.rx.add({ address: RX_BUFFER, length: 0, writable: true });
    guest.rx.kick();
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    guest.expectRecovery();
  });

  test("shorter than the header hold a piece of it each, and no byte beyond is written", () => {
    using guest = NetGuest.started();
    guest.memory.view(RX_BUFFER, 4096)!.fill(0xee);
    for (let i = 0; i < 100; i++) guest.rx.add({ address: RX_BUFFER + i * 16, length: 5, writable: true });
    guest.rx.kick();
    guest.tap.send(frame(60, 4));
    guest.turn();
    const used = guest.rx.takeUsed();
    expect(used).toEqual(Array.from({ length: 12 }, (_, id) => ({ id, length: 5 })));
    const pieces = used.flatMap(({ id }) => [...guest.bytes(RX_BUFFER + id * 16, 5)]);
    expect(Uint8Array.from(pieces)).toEqual(received(frame(60, 4), 12));
    for (const { id } of used) {
      expect(guest.bytes(RX_BUFFER + id * 16 + 5, 11).every((byte) => byte === 0xee)).toBe(true);
    }
    guest.expectRecovery();
  });

  test("of one byte, a queue full of them, are too little for any packet: it is dropped, and a reset helps", () => {
    using guest = NetGuest.started();
    for (let i = 0; i < 256; i++) guest.rx.add({ address: RX_BUFFER + i, length: 1, writable: true });
    guest.rx.kick();
    guest.tap.send(frame(257));
    guest.tap.send(frame(300));
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([]);
    expect(guest.device.counters.rxTooLong).toBe(2);
    guest.expectRecovery();
  });

  test.each([
    ["past RAM", PAST_RAM, 2048],
    ["one byte past the end of RAM", 8 * 2 ** 20 - 2047, 2048],
    ["that wrap 64 bits", 2n ** 64n - 1024n, 2048],
  ])("at addresses %s go back empty, and the packet takes the next one", (_, address, length) => {
    using guest = NetGuest.started();
    guest.rx.add({ address, length, writable: true });
    guest.giveBuffers(1);
    guest.tap.send(frame(60));
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([
      { id: 0, length: 0 },
      { id: 1, length: 60 },
    ]);
    guest.expectRecovery();
  });

  test("that end exactly at the end of RAM are filled to the last byte", () => {
    using guest = NetGuest.started();
    const address = 8 * 2 ** 20 - 2048;
    guest.rx.add({ address, length: 2048, writable: true });
    guest.rx.kick();
    guest.tap.send(frame(2048));
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([{ id: 0, length: 2048 }]);
    expect(guest.bytes(address, 2048)).toEqual(received(frame(2048)));
  });

  test("that are all the same memory, 256 of them with 256 parts each, cost no more than a packet", () => {
    using guest = NetGuest.started();
    for (let i = 0; i < 256; i++) {
      // Chain i starts at descriptor i and goes on to the last one: 32,896 parts in all.
      const next = i + 1;
      const flags = 2 | (next < 256 ? 1 : 0);
      guest.rx.setDescriptor(i, { address: RX_BUFFER, length: 1, flags, next: next % 256 });
      guest.rx.offer(i);
    }
    guest.rx.kick();
    for (let i = 0; i < 5; i++) guest.tap.send(frame(300));
    guest.turn();
    expect(guest.rx.takeUsed().reduce((sum, { length }) => sum + length, 0)).toBe(1500);
    guest.expectRecovery();
  });

  test("that lie over the rings harm the guest alone", () => {
    using guest = NetGuest.started();
    guest.rx.add({ address: guest.rx.descriptorTable, length: 0x3000, writable: true });
    guest.rx.kick();
    guest.tap.send(Uint8Array.from({ length: 9000 }, () => 0xff));
    guest.turn();
    guest.expectRecovery();
  });

  test("given twice at once need a reset", () => {
    using guest = NetGuest.started();
    guest.rx.add({ address: RX_BUFFER, length: 2048, writable: true });
    guest.rx.offer(0);
    guest.rx.kick();
    guest.turn();
    guest.expectNeedsReset();
    guest.expectRecovery();
  });

  test("taken away by a reset are not written by a packet that comes after it", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(8);
    guest.driver.reset();
    guest.tap.send(frame(500));
    guest.turn();
    expect(guest.bytes(RX_BUFFER, 500).every((byte) => byte === 0)).toBe(true);
    expect(guest.driver.status).toBe(0);
    guest.start();
    guest.giveBuffers(1);
    expect(guest.rx.takeUsed()).toEqual([{ id: 0, length: 500 }]);
  });

  test("taken away by a reset while a packet waits for more of them are not written either", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(1);
    guest.tap.send(frame(5000));
    guest.turn();
    guest.driver.reset();
    guest.turn();
    guest.memory.view(RX_BUFFER, 8192)!.fill(0);
    guest.start();
    guest.giveBuffers(4, 2048);
    expect(guest.bytes(RX_BUFFER, 8192).every((byte) => byte === 0)).toBe(true);
    guest.expectRecovery();
  });
});

describe("sends", () => {
  test.each([
    ["empty", 0],
    ["of one byte", 1],
    ["shorter than the header", 11],
    ["of a header alone", 12],
    ["one byte shorter than an Ethernet header", 25],
    ["one byte over the longest", 65_566],
  ])("%s are dropped, their buffer comes back, and the next one goes out", (_, length) => {
    using guest = NetGuest.started();
    guest.tx.add({ address: TX_BUFFER, length });
    guest.transmit(frame(100, 2), TX_BUFFER + 0x2_0000);
    expect(guest.tx.takeUsed()).toHaveLength(2);
    expect(guest.tap.receiveAll()).toEqual([frame(100, 2)]);
    expect(guest.device.counters).toMatchObject({ txMalformed: 1, txPackets: 1, errors: 1 });
    guest.expectRecovery();
  });

  test.each([
    ["shortest", 26],
    ["longest", 65_565],
  ])("of the %s frame there is go out", (_, length) => {
    using guest = NetGuest.started();
    guest.transmit(frame(length));
    expect(guest.tap.receiveAll()).toEqual([frame(length)]);
  });

  test("of 256 MiB, in 256 parts that are all the same memory, are dropped at once", () => {
    using guest = NetGuest.started();
    guest.tx.add(...new Array(256).fill({ address: TX_BUFFER, length: 0x10_0000 }));
    guest.tx.kick();
    guest.turn();
    expect(guest.tx.takeUsed()).toHaveLength(1);
    expect(guest.device.counters.txMalformed).toBe(1);
    guest.expectRecovery();
  });

  test("with writable parts leave them as they are", () => {
    using guest = NetGuest.started();
    guest.memory.write(TX_BUFFER, frame(100));
    guest.tx.add({ address: TX_BUFFER, length: 100 }, { address: RX_BUFFER, length: 64, writable: true });
    guest.tx.add({ address: RX_BUFFER, length: 64, writable: true });
    guest.tx.kick();
    guest.turn();
    expect(guest.tx.takeUsed().map(({ length }) => length)).toEqual([0, 0]);
    expect(guest.tap.receiveAll()).toEqual([frame(100)]);
    expect(guest.bytes(RX_BUFFER, 64).every((byte) => byte === 0)).toBe(true);
    guest.expectWorking();
  });

  test("from addresses past RAM are dropped", () => {
    using guest = NetGuest.started();
    guest.tx.add({ address: PAST_RAM, length: 100 });
    guest.tx.kick();
    guest.turn();
    expect(guest.tx.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    expect(guest.tap.receiveAll()).toEqual([]);
    guest.expectRecovery();
  });

  test("that loop are dropped, and an available index that jumps needs a reset", () => {
    using guest = NetGuest.started();
    guest.tx.setDescriptor(0, { address: TX_BUFFER, length: 1, flags: 1, next: 0 });
    guest.tx.offer(0);
    guest.tx.kick();
    guest.turn();
    expect(guest.tx.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    guest.tx.availIdx = 1000;
    guest.tx.kick();
    guest.turn();
    guest.expectNeedsReset();
    guest.expectRecovery();
  });
});

describe("a TAP that is deleted", () => {
  test("pulls the guest's cable, is said once, and wakes nobody any more", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(4);
    guest.driver.takeInterrupt();
    guest.tap.delete();
    guest.turn();
    expect(guest.turn()).toBe(0);
    expect(guest.driver.takeInterrupt()).toBe(2);
    expect(guest.driver.readBytes(0x106, 2)).toEqual(Uint8Array.of(0, 0));
    expect(guest.rig.reports).toEqual(["net0: the TAP tap0 was deleted: the guest has no link"]);
    for (let i = 0; i < 10; i++) guest.transmit(frame(100));
    expect(guest.tx.takeUsed()).toHaveLength(10);
    expect(guest.rig.reports).toHaveLength(1);
  });

  test("leaves a device that can be reset, and says again that there is no link", () => {
    using guest = NetGuest.started();
    guest.giveBuffers(4);
    guest.tap.delete();
    guest.turn();
    guest.driver.reset();
    guest.turn();
    guest.start();
    guest.giveBuffers(4);
    expect(guest.driver.status & 0x40).toBe(0);
    expect(guest.driver.readBytes(0x106, 2)).toEqual(Uint8Array.of(0, 0));
  });
});

test("ten resets in a row, with packets under way each time, leave a device that works", () => {
  using guest = NetGuest.started();
  for (let i = 0; i < 10; i++) {
    guest.giveBuffers(2);
    guest.tap.send(frame(60));
    guest.tx.add({ address: TX_BUFFER, length: 100 });
    guest.tx.kick();
    guest.driver.reset();
    guest.driver.start();
  }
  guest.turn();
  // What came for earlier drivers is this one's now.
  guest.giveBuffers(20);
  guest.expectRecovery();
});
