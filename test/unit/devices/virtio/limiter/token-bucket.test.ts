import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { TokenBucket } from "../../../../../src/devices/virtio/limiter/token-bucket.ts";

const MS = 1e6;
const START = 5e15;

/** 100 tokens, one each millisecond. */
const hundred = (one_time_burst = 0) => new TokenBucket({ size: 100, one_time_burst, refill_time: 100 }, START);

describe("a bucket", () => {
  test("is full at the start, and empty when all is spent", () => {
    const bucket = hundred();
    expect(bucket.waitNs(100, START)).toBe(0);
    bucket.spend(100);
    expect(bucket.waitNs(1, START)).toBe(MS);
    expect(bucket.waitNs(100, START)).toBe(100 * MS);
  });

  test("refills evenly, and no further than its size", () => {
    const bucket = hundred();
    bucket.spend(100);
    expect(bucket.waitNs(30, START + 20 * MS)).toBe(10 * MS);
    expect(bucket.waitNs(30, START + 30 * MS)).toBe(0);
    bucket.spend(30);
    expect(bucket.waitNs(1, START + 30 * MS)).toBe(MS);
    expect(bucket.fullNs(START + 1000 * MS)).toBe(0);
    bucket.spend(100);
    expect(bucket.waitNs(1, START + 1000 * MS)).toBe(MS);
  });

  test("spends its burst first, which never comes back", () => {
    const bucket = hundred(50);
    bucket.spend(150);
    expect(bucket.waitNs(1, START)).toBe(MS);
    expect(bucket.waitNs(150, START + 1e6 * MS)).toBe(0);
    bucket.spend(150);
    expect(bucket.waitNs(1, START + 1e6 * MS)).toBe(51 * MS);
  });

  test("lets a request that is bigger than itself through when it is full, and is paid back before the next", () => {
    const bucket = hundred();
    bucket.spend(1);
    expect(bucket.waitNs(250, START)).toBe(MS);
    expect(bucket.waitNs(250, START + MS)).toBe(0);
    bucket.spend(250);
    expect(bucket.waitNs(1, START + MS)).toBe(151 * MS);
  });

  test("takes back what bought nothing, up to its size", () => {
    const bucket = hundred();
    bucket.spend(60);
    bucket.giveBack(60);
    expect(bucket.waitNs(100, START)).toBe(0);
    bucket.giveBack(60);
    bucket.spend(100);
    expect(bucket.waitNs(1, START)).toBe(MS);
  });

  test("without a token left lets a request of none pass", () => {
    const bucket = hundred();
    bucket.spend(1000);
    expect(bucket.waitNs(0, START)).toBe(0);
  });

  test("gives no more than its rate over any time, and no less to one that always waits", () => {
    const sizes = fc.integer({ min: 1, max: 2 ** 40 });
    const requests = fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 100_000 }), requests, (size, refill_time, shares) => {
        const bucket = new TokenBucket({ size, one_time_burst: 0, refill_time }, 0);
        let now = 0;
        let given = 0;
        let largest = 0;
        for (const share of shares) {
          const tokens = Math.round(share * size);
          now += bucket.waitNs(tokens, now);
          expect(bucket.waitNs(tokens, now)).toBe(0);
          bucket.spend(tokens);
          given += tokens;
          largest = Math.max(largest, tokens);
        }
        const refilled = (now / (refill_time * MS)) * size;
        const slack = 1e-6 * size;
        expect(given).toBeLessThanOrEqual(size + refilled + Math.max(0, largest - size) + slack);
        expect(given).toBeGreaterThanOrEqual(refilled - (shares.length * size) / (refill_time * MS) - slack);
      }),
    );
  });
});
