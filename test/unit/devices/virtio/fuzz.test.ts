import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DescriptorChain } from "../../../../src/devices/virtio/queue/chain.ts";
import { Queue } from "../../../../src/devices/virtio/queue/queue.ts";
import { mapRings } from "../../../../src/devices/virtio/queue/rings.ts";
import { MAX_REQUEST_BYTES } from "../../../../src/devices/virtio/rng/request.ts";
import { Register } from "../../../../src/devices/virtio/transport/registers.ts";
import { GuestMemory } from "../../../../src/memory/guest.ts";
import { BUFFER, Guest, RAM } from "./support.ts";

const SIZE = 8;
const TABLE = 0x1_0000;
const AVAIL = 0x1_1000;
const USED = 0x1_2000;

/** Mostly what a chain is made of, sometimes anything. */
const descriptor = fc.record({
  address: fc.oneof(
    fc.integer({ min: 0, max: RAM }).map(BigInt),
    fc.constantFrom(RAM - 1, RAM, 3 * 2 ** 30, 2 ** 32, 2 ** 53).map(BigInt),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  ),
  length: fc.oneof(fc.nat(4096), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat(2 ** 32 - 1)),
  flags: fc.oneof(fc.constantFrom(0, 1, 2, 3), fc.nat(65535)),
  next: fc.oneof(fc.nat(SIZE), fc.nat(65535)),
});

const registerWrite = fc.record({
  offset: fc.oneof(fc.constantFrom(...Object.values(Register)), fc.nat(0xfff)),
  length: fc.oneof(fc.constant(4), fc.constantFrom(1, 2, 8)),
  bytes: fc.oneof(
    fc
      .constantFrom(0, 1, 2, 3, 7, 11, 15, 64, 128, 256, TABLE, AVAIL, USED)
      .map((low) => [low & 0xff, low >> 8, low >> 16, 0]),
    fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
  ),
});

describe("whatever is in a ring", () => {
  test("every part of every chain is guest RAM, no walk is endless, and a head comes back once for each time it was taken", () => {
    using memory = GuestMemory.create(RAM);
    const start = memory.regions[0]!.hostAddress;
    fc.assert(
      fc.property(
        fc.array(descriptor, { minLength: SIZE, maxLength: SIZE }),
        fc.array(fc.oneof(fc.nat(SIZE - 1), fc.nat(65535)), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(0, 0, 0, 2 * SIZE),
        fc.boolean(),
        (descriptors, heads, jump, eventIndex) => {
          const { queue, ring } = newQueue(memory, eventIndex);
          for (const [i, fields] of descriptors.entries()) ring.setDescriptor(i, fields);
          const chain = new DescriptorChain();
          const inFlight = new Set<number>();
          let taken = 0;
          let offered = 0;
          for (const head of heads) {
            ring.offer(offered++, head);
            if (offered % 5 === 0) ring.setAvailIdx(offered + jump);
            while (queue.next(chain)) {
              taken++;
              expect(inFlight.has(chain.head)).toBe(false);
              inFlight.add(chain.head);
              let total = 0;
              for (let part = 0; part < chain.readableParts + chain.writableParts; part++) {
                const [address, length] = [chain.addresses[part]!, chain.lengths[part]!];
                expect(address >= start && address + length <= start + RAM && length > 0).toBe(true);
                total += length;
              }
              expect(total).toBe(chain.readableBytes + chain.writableBytes);
              expect(total).toBeLessThan(2 ** 32);
              expect(chain.readableParts + chain.writableParts).toBeLessThanOrEqual(SIZE);
              // Every other one stays in flight.
              if (taken % 2) {
                queue.complete(chain.head, 0);
                inFlight.delete(chain.head);
              }
            }
          }
          const back = ring.usedIdx;
          expect(back).toBe(taken - inFlight.size + queue.counters.brokenChains);
          expect(back).toBeLessThanOrEqual(offered);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("whatever a driver does", () => {
  test("by registers and rings, nothing hangs, its neighbour goes on, and a reset brings the device back", () => {
    using guest = new Guest();
    const step = fc.oneof(
      { weight: 6, arbitrary: registerWrite.map((write) => ({ write })) },
      {
        weight: 2,
        arbitrary: fc.record({ at: fc.nat(0x3000), bytes: fc.uint8Array({ maxLength: 32 }) }).map((poke) => ({ poke })),
      },
      { weight: 2, arbitrary: fc.constant({ turn: true }) },
      { weight: 1, arbitrary: fc.constant({ start: true }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { rig, driver, memory } = guest;
        for (const each of steps) {
          if ("write" in each) {
            const { offset, length, bytes } = each.write;
            driver.writeBytes(
              offset,
              Uint8Array.from({ length }, (_, i) => bytes[i % 4]!),
            );
            driver.readBytes(offset, length);
          } else if ("poke" in each) memory.write(TABLE + each.poke.at, each.poke.bytes);
          else if ("turn" in each) rig.turn();
          else {
            driver.start({ size: SIZE });
            driver.queue.add({ address: BUFFER, length: 64, writable: true });
          }
        }
        rig.turn();
        guest.expectRecovery();
      }),
      { numRuns: 500 },
    );
  });

  test("a chain costs the host 64 KiB of random bytes at most, however often its buffers overlap", () => {
    using guest = Guest.started();
    fc.assert(
      fc.property(fc.array(fc.nat(RAM - BUFFER), { minLength: 1, maxLength: 200 }), (lengths) => {
        const { counters } = guest.rig.device;
        const before = counters.bytes;
        // Not over the rings, which lie below.
        guest.queue.add(
          ...lengths.map((length) => ({ address: BUFFER, length: Math.min(length, 2 ** 20), writable: true })),
        );
        guest.kick();
        const total = lengths.reduce((sum, length) => sum + Math.min(length, 2 ** 20), 0);
        expect(counters.bytes - before).toBe(Math.min(total, MAX_REQUEST_BYTES));
        expect(guest.queue.takeUsed().map(({ length }) => length)).toEqual([Math.min(total, MAX_REQUEST_BYTES)]);
      }),
      { numRuns: 50 },
    );
  });
});

/** A queue of eight on bare memory, without a device around it. */
function newQueue(memory: GuestMemory, eventIndex: boolean) {
  for (const address of [TABLE, AVAIL, USED]) memory.view(address, 0x1000)!.fill(0);
  const at = (address: number) => ({ low: address, high: 0 });
  const places = { descriptorTable: at(TABLE), driverArea: at(AVAIL), deviceArea: at(USED) };
  const rings = mapRings(memory, { max: 256, size: SIZE, isReady: true, ...places });
  if (typeof rings === "string") throw new Error(rings);
  const view = (address: number) => {
    const bytes = memory.view(address, 0x1000)!;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const [table, avail, used] = [view(TABLE), view(AVAIL), view(USED)];
  const ring = {
    setDescriptor(index: number, fields: { address: bigint; length: number; flags: number; next: number }): void {
      table.setBigUint64(16 * index, fields.address, true);
      table.setUint32(16 * index + 8, fields.length, true);
      table.setUint16(16 * index + 12, fields.flags, true);
      table.setUint16(16 * index + 14, fields.next, true);
    },
    offer(slot: number, head: number): void {
      avail.setUint16(4 + 2 * (slot % SIZE), head, true);
    },
    setAvailIdx(index: number): void {
      avail.setUint16(2, index, true);
    },
    get usedIdx(): number {
      return used.getUint16(2, true);
    },
  };
  return { queue: new Queue(memory, rings, eventIndex, { chains: 0, brokenChains: 0 }), ring };
}
