/** A request's buffers against the plainest model of them: an array of addresses, one a byte. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { DiskMemory } from "../../../../../src/devices/virtio/blk/memory.ts";
import { Transfer } from "../../../../../src/devices/virtio/blk/transfer.ts";
import { DescriptorChain } from "../../../../../src/devices/virtio/queue/chain.ts";

const FAR = 0x7f00_0000_0000;

/** The bytes an operation is about, as addresses. */
function addressesOf(memory: DiskMemory, { vector, count }: Transfer): number[] {
  const first = (vector - memory.iovecAddress(0, 0)) / 4;
  return Array.from({ length: count }, (_, i) => first + i * 4).flatMap((at) => {
    const { iovecs } = memory;
    const address = iovecs[at + 1]! * 2 ** 32 + iovecs[at]!;
    expect(iovecs[at + 3]).toBe(0);
    return Array.from({ length: iovecs[at + 2]! }, (_, byte) => address + byte);
  });
}

test("whatever a chain's parts, limits and short results: every byte is moved once, in order", () => {
  using memory = new DiskMemory("x", false);
  const transfer = new Transfer(memory, 0);
  const chain = new DescriptorChain();
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
  const steps = fc.infiniteStream(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })));
  fc.assert(
    fc.property(lengths, fc.nat(), fc.nat(), steps, (parts, skipSeed, bytesSeed, steps) => {
      const total = parts.reduce((sum, length) => sum + length, 0);
      const skip = skipSeed % total;
      const bytes = bytesSeed % (total - skip + 1);
      const all = parts.flatMap((length, part) => {
        chain.addresses[part] = FAR + part * 0x1_0000_0000;
        chain.lengths[part] = length;
        return Array.from({ length }, (_, byte) => chain.addresses[part]! + byte);
      });
      const wanted = all.slice(skip, skip + bytes);
      transfer.begin(chain, 0, skip, bytes);
      const moved: number[] = [];
      while (transfer.remaining > 0) {
        const [limit, done] = steps.next().value as [number, number];
        transfer.prepare(limit);
        const offered = addressesOf(memory, transfer);
        expect(offered.length).toBe(transfer.bytes);
        expect(offered.length).toBeLessThanOrEqual(limit);
        const taken = offered.slice(0, done);
        moved.push(...taken);
        transfer.advance(taken.length);
      }
      expect(moved).toEqual(wanted);
    }),
  );
});
