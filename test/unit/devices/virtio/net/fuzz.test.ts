import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Register } from "../../../../../src/devices/virtio/transport/registers.ts";
import { frame, NetGuest, RX_BUFFER, received, TX_BUFFER } from "./support.ts";

const ROOM = 0x4000;

describe("whatever sizes packets and buffers have", () => {
  test("every packet that fits comes whole, in order, in as many buffers as it says", () => {
    using guest = NetGuest.started({}, { size: 64 });
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.array(fc.integer({ min: 1, max: ROOM }), { minLength: 1, maxLength: 3 }) },
      { weight: 2, arbitrary: fc.integer({ min: 26, max: 20_000 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const sent: number[] = [];
        const found: Uint8Array[] = [];
        const buffers = new Map<number, { address: number; length: number }[]>();
        let given = 0;
        let pending: number[] = [];
        const give = (lengths: readonly number[]): void => {
          const parts = lengths.map((length) => ({
            address: RX_BUFFER + (given++ % 120) * ROOM,
            length,
            writable: true,
          }));
          buffers.set(guest.rx.add(...parts), parts);
          guest.rx.kick();
        };
        const take = (): void => {
          guest.turn();
          for (const { id, length } of guest.rx.takeUsed()) {
            let rest = length;
            for (const part of buffers.get(id)!) {
              const bytes = Math.min(rest, part.length);
              pending.push(...guest.bytes(part.address, bytes));
              rest -= bytes;
            }
            expect(rest).toBe(0);
            buffers.delete(id);
            const wanted = sent[found.length]!;
            if (pending.length < wanted) continue;
            expect(pending.length).toBe(wanted);
            found.push(Uint8Array.from(pending));
            pending = [];
          }
        };
        guest.driver.reset();
        guest.turn();
        guest.start({ size: 64 });
        for (const each of steps) {
          if (typeof each === "number") {
            if (sent.length - found.length > 5) continue;
            guest.tap.send(frame(each, sent.length));
            sent.push(each);
          } else if ([...buffers.values()].flat().length < 60) give(each);
          take();
        }
        for (let more = 0; found.length < sent.length && more < 200; more++) {
          if ([...buffers.values()].flat().length < 60) give([ROOM]);
          take();
        }
        const plain = found.map((bytes) => bytes.fill(0, 10, 12));
        expect(plain).toEqual(sent.map((length, i) => frame(length, i)));
        expect(guest.device.counters.errors).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});

describe("whatever a driver does", () => {
  test("by registers, rings and control commands, nothing hangs, its neighbour goes on, and a reset helps", () => {
    using guest = new NetGuest({ config: { queue_pairs: 2 } });
    const queue = fc.nat(4);
    const buffer = fc.record({
      address: fc.oneof(
        fc.integer({ min: 0, max: 8 * 2 ** 20 }).map((address) => BigInt(Math.max(address, TX_BUFFER))),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      ),
      length: fc.oneof(fc.nat(3000), fc.nat(70_000), fc.nat(2 ** 32 - 1)),
      writable: fc.boolean(),
    });
    const step = fc.oneof(
      fc.record({ queue, add: fc.array(buffer, { minLength: 1, maxLength: 5 }) }),
      fc.record({ queue, offer: fc.nat(300) }),
      fc.record({ queue, jump: fc.nat(65_535) }),
      fc.record({ control: fc.uint8Array({ maxLength: 6 }) }),
      fc.record({ control: fc.constantFrom([4, 0, 1, 0], [4, 0, 2, 0]).map((bytes) => Uint8Array.from(bytes)) }),
      fc.record({ packet: fc.nat(60_000) }),
      fc.record({ write: fc.constantFrom(...Object.values(Register)), value: fc.nat(300) }),
      fc.constant({ turn: true }),
      fc.constant({ start: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        guest.driver.start();
        for (const each of steps) {
          const queues = guest.driver.queues;
          if ("add" in each) queues[each.queue]!.add(...each.add);
          else if ("offer" in each) queues[each.queue]!.offer(each.offer);
          else if ("jump" in each) queues[each.queue]!.availIdx = each.jump;
          else if ("control" in each) {
            guest.memory.write(TX_BUFFER, each.control);
            const ack = { address: TX_BUFFER + 8, length: 1, writable: true };
            queues[4]!.add({ address: TX_BUFFER, length: each.control.length }, ack);
          } else if ("packet" in each) sendIfRoom(guest, each.packet);
          else if ("write" in each) guest.driver.write(each.write, each.value);
          else if ("turn" in each) guest.turn();
          else guest.driver.start();
          for (const { index } of queues) guest.driver.write(Register.QueueNotify, index);
        }
        guest.turn();
        for (const tap of guest.taps) tap.receiveAll();
        // What the network still has for the guest goes to the next driver: enough buffers for all of it.
        guest.driver.reset();
        guest.turn();
        guest.start();
        guest.giveBuffers(200);
        guest.driver.reset();
        guest.turn();
        guest.expectRecovery();
      }),
      { numRuns: 300 },
    );
  });
});

/** A full TAP drops what comes. */
function sendIfRoom(guest: NetGuest, length: number): void {
  try {
    guest.tap.send(frame(Math.max(length, 26)));
  } catch {}
}

test("a packet's number of buffers is right for the longest packet in the smallest legal buffers", () => {
  using guest = NetGuest.started();
  guest.giveBuffers(256, 257);
  const packet = frame(65_565);
  guest.tap.send(packet);
  guest.turn();
  expect(guest.rx.takeUsed()).toHaveLength(256);
  expect(guest.bytes(RX_BUFFER, packet.length)).toEqual(received(packet, 256));
});
