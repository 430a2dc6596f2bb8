import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DescriptorChain } from "../../../../../src/devices/virtio/queue/chain.ts";
import { PacketHeader } from "../../../../../src/devices/virtio/vsock/packet.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { type HostProgram, header, PORT, VsockGuest } from "./support.ts";

const u32 = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat(2 ** 32 - 1));
/** Mostly what a packet is made of, sometimes anything. */
const packet = fc.record({
  op: fc.oneof(fc.nat(8), fc.nat(65535)),
  hostPort: fc.constantFrom(PORT, PORT, 2 ** 30, 2 ** 30 + 1, 7),
  guestPort: fc.constantFrom(1, 2, 52, 2 ** 32 - 1),
  type: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(65535) }),
  flags: fc.oneof(fc.nat(3), u32),
  allocated: fc.oneof(fc.constant(2 ** 18), u32),
  forwarded: fc.oneof(fc.constant(0), u32),
  data: fc.option(fc.uint8Array({ maxLength: 3000 }), { nil: undefined }),
  length: fc.option(fc.oneof(fc.nat(4000), u32), { nil: undefined }),
  sourceCid: fc.oneof(
    { weight: 9, arbitrary: fc.constant(42n) },
    { weight: 1, arbitrary: fc.bigInt(0n, 2n ** 64n - 1n) },
  ),
});

test("whatever a driver sends and whatever programs do, nothing hangs, others go on, and a reset brings the device back", () => {
  using guest = VsockGuest.started();
  const accepted = guest.listen();
  const step = fc.oneof(
    { weight: 8, arbitrary: packet.map((sent) => ({ sent })) },
    { weight: 2, arbitrary: fc.constant({ comes: true }) },
    { weight: 2, arbitrary: fc.record({ writes: fc.nat(200_000) }) },
    { weight: 1, arbitrary: fc.constant({ reads: true }) },
    { weight: 1, arbitrary: fc.constant({ goes: true }) },
    { weight: 1, arbitrary: fc.record({ waits: fc.nat(70_000) }) },
    { weight: 2, arbitrary: fc.constant({ takes: true }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const programs: HostProgram[] = [];
      for (const each of steps) {
        if ("sent" in each) {
          const { data, length, ...rest } = each.sent;
          guest.send({ ...rest, ...(data ? { data } : {}), ...(length === undefined ? {} : { length }) });
        } else if ("comes" in each) programs.push(guest.come("CONNECT 52\n"));
        else if ("writes" in each) programs[0]?.write(new Uint8Array(each.writes));
        else if ("reads" in each) programs[0]?.read();
        else if ("goes" in each) programs.shift()?.close();
        else if ("waits" in each) guest.now += each.waits;
        else guest.received();
        guest.rig.turn();
      }
      expect(guest.rig.reports).toEqual([]);
      for (const program of programs) program.close();
      guest.expectRecovery();
      for (;;) {
        try {
          accepted().close();
        } catch {
          break;
        }
      }
    }),
    { numRuns: 150 },
  );
});

describe("a header", () => {
  test("is read and written whole, over whatever pieces its chain has", () => {
    using memory = GuestMemory.create(2 ** 20);
    const table = new Uint32Array(4 * 256);
    const at = 0x1_0000;
    const pieces = fc.array(fc.nat(20), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(packet, pieces, fc.boolean(), ({ data: _, length = 5, ...rest }, lengths, writable) => {
        const wire = header({ ...rest, length });
        const total = lengths.reduce((sum, each) => sum + each, 0);
        memory.view(at, 2000)!.fill(0);
        let offset = 0;
        for (const [i, piece] of lengths.entries()) {
          const isLast = i === lengths.length - 1;
          table.set([at + offset, 0, piece, (isLast ? 0 : 1) | (writable ? 2 : 0) | ((i + 1) << 16)], 4 * i);
          offset += piece;
        }
        const chain = new DescriptorChain();
        expect(chain.walk(table, 256, 0, memory)).toBeUndefined();
        const packetHeader = new PacketHeader();
        if (writable) {
          if (total < 44) return;
          packetHeader.words.set(new Uint32Array(wire.buffer));
          packetHeader.writeTo(chain);
          expect(Buffer.compare(memory.view(at, 44)!, wire)).toBe(0);
          expect(memory.view(at + 44, 1000)!.every((byte) => byte === 0)).toBe(true);
        } else {
          memory.write(at, wire);
          expect(packetHeader.readFrom(chain)).toBe(total >= 44);
          if (total < 44) return;
          expect([...packetHeader.words]).toEqual([...new Uint32Array(wire.buffer)]);
          expect(packetHeader).toMatchObject({ op: rest.op, type: rest.type, flags: rest.flags, length });
        }
      }),
    );
  });
});
