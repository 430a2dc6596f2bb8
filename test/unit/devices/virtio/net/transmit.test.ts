import { describe, expect, test } from "bun:test";
import { frame, NetGuest, TX_BUFFER } from "./support.ts";

describe("a packet of the guest's", () => {
  test("goes out as it is, header and all, and its buffer comes back", () => {
    using guest = NetGuest.started();
    guest.transmit(frame(1000));
    expect(guest.tap.receiveAll()).toEqual([frame(1000)]);
    expect(guest.tx.takeUsed()).toEqual([{ id: 0, length: 0 }]);
    expect(guest.device.counters).toMatchObject({ txPackets: 1, txBytes: 1000, bytes: 1000, errors: 0 });
  });

  test("may lie in many descriptors, cut anywhere", () => {
    using guest = NetGuest.started();
    const packet = frame(2000);
    guest.memory.write(TX_BUFFER, packet);
    const cuts = [0, 5, 12, 13, 700, 2000];
    const parts = cuts.slice(1).map((end, i) => ({ address: TX_BUFFER + cuts[i]!, length: end - cuts[i]! }));
    guest.tx.add(...parts);
    guest.tx.kick();
    guest.turn();
    expect(guest.tap.receiveAll()).toEqual([packet]);
  });

  test("goes in order, a queue full of them by one kick", () => {
    using guest = NetGuest.started();
    for (let i = 0; i < 200; i++) {
      guest.memory.write(TX_BUFFER + i * 256, frame(40 + i, i));
      guest.tx.add({ address: TX_BUFFER + i * 256, length: 40 + i });
    }
    guest.tx.kick();
    const lengths: number[] = [];
    for (let rounds = 0; rounds < 20; rounds++) {
      guest.turn();
      lengths.push(...guest.tap.receiveAll().map(({ length }) => length));
    }
    expect(lengths).toEqual(Array.from({ length: 200 }, (_, i) => 40 + i));
    expect(guest.tx.takeUsed()).toHaveLength(200);
  });
});

describe("a TAP without room", () => {
  test("is waited for: nothing is lost, nothing overtakes, no turn is spent", () => {
    using guest = NetGuest.started();
    const sent = 100;
    for (let i = 0; i < sent; i++) {
      guest.memory.write(TX_BUFFER + i * 9000, frame(9000, i));
      guest.tx.add({ address: TX_BUFFER + i * 9000, length: 9000 });
    }
    guest.tx.kick();
    guest.turn();
    expect(guest.turn()).toBe(0);
    expect(guest.device.counters.txWaits).toBeGreaterThan(0);
    expect(guest.tx.takeUsed().length).toBeLessThan(sent);

    const found: Uint8Array[] = [];
    for (let rounds = 0; rounds < sent && found.length < sent; rounds++) {
      found.push(...guest.tap.receiveAll());
      guest.turn();
    }
    found.push(...guest.tap.receiveAll());
    expect(found).toEqual(Array.from({ length: sent }, (_, i) => frame(9000, i)));
    expect(guest.device.counters).toMatchObject({ txPackets: sent, errors: 0 });
  });

  test("lets packets for the guest through meanwhile", () => {
    using guest = NetGuest.started();
    for (let i = 0; i < 100; i++) guest.tx.add({ address: TX_BUFFER, length: 9000 });
    guest.tx.kick();
    guest.turn();
    guest.giveBuffers(8);
    guest.tap.send(frame(77));
    guest.turn();
    expect(guest.rx.takeUsed()).toEqual([{ id: 0, length: 77 }]);
  });

  test("does not keep a reset from being done, and the next driver works", () => {
    using guest = NetGuest.started();
    for (let i = 0; i < 100; i++) guest.tx.add({ address: TX_BUFFER, length: 9000 });
    guest.tx.kick();
    guest.turn();
    guest.driver.reset();
    guest.turn();
    expect(guest.driver.status).toBe(0);
    guest.tap.receiveAll();
    guest.expectRecovery();
  });
});
