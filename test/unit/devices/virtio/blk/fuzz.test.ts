/** Any chain at all, any header: the file keeps its length, every head comes back once, and nothing is written that was not asked for. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { DATA, DiskGuest, ENGINES, HEADER, pattern, RAM, SECTOR } from "./support.ts";

const SECTORS = 64;
const near = (values: readonly number[]) => fc.oneof(fc.constantFrom(...values), fc.nat({ max: 2 ** 31 }));
const buffer = fc.record({
  address: near([HEADER, HEADER + 8, DATA, DATA + 1, RAM - 512, RAM - 1, RAM, 0xc000_1000]),
  length: near([0, 1, 8, 15, 16, 17, 20, 511, 512, 513, 1024, 4096, SECTORS * SECTOR, 2 ** 20]),
  writable: fc.boolean(),
});
const header = fc.record({
  type: near([0, 1, 4, 8, 11, 13, 14, 2 ** 32 - 1]),
  sector: near([0, 1, SECTORS - 1, SECTORS, 2 ** 31]),
});
const chains = fc.array(fc.tuple(header, fc.array(buffer, { minLength: 1, maxLength: 8 })), {
  minLength: 1,
  maxLength: 20,
});

test.each(ENGINES)("random requests on %s", (_, engine) => {
  using guest = new DiskGuest(SECTORS, { ...engine, is_read_only: false });
  fc.assert(
    fc.property(chains, (requests) => {
      const heads = requests.map(([{ type, sector }, buffers]) => {
        guest.header(type, sector);
        const ordered = buffers.toSorted((a, b) => Number(a.writable) - Number(b.writable));
        const head = guest.queue.add(...ordered);
        guest.queue.kick();
        guest.rig.turn();
        return head;
      });
      guest.rig.finish();
      const back = guest.queue.takeUsed();
      expect(back.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(heads.toSorted((a, b) => a - b));
      expect(guest.contents).toHaveLength(SECTORS * SECTOR);
      expect(guest.device.isBusy).toBe(false);
    }),
    { numRuns: 150 },
  );
  guest.expectRecovery();
});

test.each(ENGINES)("random requests on a read-only disk on %s", (_, engine) => {
  using guest = new DiskGuest(SECTORS, { ...engine, is_read_only: true });
  fc.assert(
    fc.property(chains, (requests) => {
      for (const [{ type, sector }, buffers] of requests) {
        guest.header(type, sector);
        guest.queue.add(...buffers.toSorted((a, b) => Number(a.writable) - Number(b.writable)));
      }
      guest.queue.kick();
      guest.rig.finish();
      expect(guest.queue.takeUsed()).toHaveLength(requests.length);
      expect(guest.contents).toEqual(pattern(SECTORS));
    }),
    { numRuns: 100 },
  );
  guest.expectRecovery();
});
