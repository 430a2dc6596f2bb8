import { describe, expect, test } from "bun:test";
import type { RateLimiterConfig } from "../../../../../src/config/devices.ts";
import { RateLimiter } from "../../../../../src/devices/virtio/limiter/rate-limiter.ts";

const MS = 1e6;
const bucket = (size: number, refill_time: number, one_time_burst = 0) => ({ size, refill_time, one_time_burst });

function limiter(limits: RateLimiterConfig) {
  const clock = { now: 0 };
  return { limits: new RateLimiter(limits, () => clock.now), clock };
}

describe("a rate limiter", () => {
  test("without buckets lets everything through", () => {
    const { limits } = limiter({});
    expect([limits.take(Number.MAX_SAFE_INTEGER, 1), limits.take(0, 1e9)]).toEqual([0, 0]);
  });

  test("limits bytes and operations each by its own bucket, and says how long to wait", () => {
    const { limits, clock } = limiter({ bandwidth: bucket(1000, 100), ops: bucket(2, 100) });
    expect(limits.take(100, 1)).toBe(0);
    expect(limits.take(100, 1)).toBe(0);
    expect(limits.take(100, 1)).toBe(50 * MS);
    clock.now += 50 * MS;
    expect(limits.take(1000, 1)).toBe(0);
    clock.now += 50 * MS;
    expect(limits.take(1000, 1)).toBe(50 * MS);
  });

  test("takes nothing of either when one refuses", () => {
    const { limits } = limiter({ bandwidth: bucket(1000, 1000), ops: bucket(1, 1000) });
    expect(limits.take(400, 1)).toBe(0);
    expect(limits.take(600, 1)).toBeGreaterThan(0);
    limits.update({ ops: bucket(1, 1000) });
    expect(limits.take(600, 1)).toBe(0);
  });

  test("waits a millisecond at least, so that a wake brings many requests", () => {
    const { limits } = limiter({ ops: bucket(1000, 10) });
    for (let i = 0; i < 1000; i++) expect(limits.take(0, 1)).toBe(0);
    expect(limits.take(0, 1)).toBe(MS);
  });

  test("waits no longer than a small bucket takes to fill, which would cost its rate", () => {
    const { limits, clock } = limiter({ ops: bucket(10, 1) });
    expect(limits.take(0, 5)).toBe(0);
    expect(limits.take(0, 6)).toBe(0.5 * MS);
    clock.now += 0.5 * MS;
    expect(limits.take(0, 10)).toBe(0);
  });

  test("takes back what a request did not need", () => {
    const { limits } = limiter({ bandwidth: bucket(1000, 100), ops: bucket(1, 100) });
    expect(limits.take(1000, 1)).toBe(0);
    limits.giveBack(1000, 1);
    expect(limits.take(1000, 1)).toBe(0);
  });

  describe("updated", () => {
    test("has a full bucket in place of the old one, burst and all, and keeps the one not named", () => {
      const { limits } = limiter({ bandwidth: bucket(1000, 100), ops: bucket(2, 100) });
      expect(limits.take(1000, 1)).toBe(0);
      limits.update({ bandwidth: bucket(10, 100, 5) });
      expect(limits.take(15, 1)).toBe(0);
      expect(limits.take(0, 1)).toBe(50 * MS);
    });

    test.each([bucket(0, 100), bucket(100, 0)])("with a size or a time of 0 has that limit no more", (none) => {
      const { limits } = limiter({ bandwidth: bucket(1, 1000), ops: bucket(5, 100) });
      expect(limits.take(1, 1)).toBe(0);
      limits.update({ bandwidth: none });
      expect(limits.take(1e9, 1)).toBe(0);
      expect(limits.take(1e9, 4)).toBeGreaterThan(0);
    });

    test("with nothing stays as it is", () => {
      const { limits } = limiter({ ops: bucket(1, 100) });
      expect(limits.take(0, 1)).toBe(0);
      limits.update({});
      expect(limits.take(0, 1)).toBe(100 * MS);
    });
  });
});
