import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BUFFER_BYTES, Credit } from "../../../../../src/devices/virtio/vsock/credit.ts";

const amount = fc.oneof(fc.nat(BUFFER_BYTES), fc.nat(100));

describe("what the guest may send", () => {
  test("is BUFFER_BYTES more than was forwarded, to the byte", () => {
    const credit = new Credit();
    expect(credit.receive(BUFFER_BYTES)).toBe(true);
    expect(credit.receive(1)).toBe(false);
    credit.forward(10);
    expect(credit.receive(11)).toBe(false);
    expect(credit.receive(10)).toBe(true);
  });

  test("stays so when counts wrap at 2^32", () => {
    const credit = new Credit();
    for (let total = 0; total < 2 ** 32 + 3 * BUFFER_BYTES; total += BUFFER_BYTES) {
      if (!credit.receive(BUFFER_BYTES) || credit.receive(1)) throw new Error(`wrong at ${total}`);
      credit.forward(BUFFER_BYTES);
    }
    expect(credit.held).toBe(0);
    expect(credit.tell()).toBe(3 * BUFFER_BYTES);
    expect(credit.isDue).toBe(false);
  });

  test("is told again before an honest guest has used it up", () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 50 }), (amounts) => {
        const credit = new Credit();
        let guestHas = BUFFER_BYTES;
        let told = 0;
        for (const bytes of amounts) {
          const sent = Math.min(bytes, guestHas);
          expect(credit.receive(sent)).toBe(true);
          guestHas -= sent;
          credit.forward(credit.held);
          if (credit.isDue) {
            const now = credit.tell();
            guestHas += now - told;
            told = now;
          }
          expect(guestHas).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe("what the host may send", () => {
  test("is what the guest has room for, also when counts wrap at 2^32", () => {
    const credit = new Credit();
    const allocated = 2 ** 31;
    let sent = 0;
    for (let i = 0; i < 5; i++) {
      credit.learn(allocated, sent % 2 ** 32);
      expect(credit.available).toBe(allocated);
      credit.send(allocated);
      expect(credit.available).toBe(0);
      sent += allocated;
    }
  });

  test("is never more than the guest said, and never less than nothing, whatever it says", () => {
    const u32 = fc.nat(2 ** 32 - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(u32, u32, u32)), (steps) => {
        const credit = new Credit();
        for (const [allocated, forwarded, wanted] of steps) {
          credit.learn(allocated, forwarded);
          expect(credit.available).toBeWithin(0, allocated + 1);
          credit.send(Math.min(wanted, credit.available));
        }
      }),
    );
  });
});
