import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { monotonicNs, realtimeMs } from "../../../ffi/clock.ts";

test("the monotonic clock never goes back, and counts nanoseconds since the host's boot", () => {
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const first = monotonicNs();
  expect(monotonicNs()).toBeGreaterThanOrEqual(first);
  // Time asleep counts in the one and not in the other: never more than the uptime, but for its rounding.
  expect(first).toBeGreaterThan(0);
  expect(uptime * 1e9 - first).toBeGreaterThan(-60e9);
});

test("the real-time clock is JavaScript's own", () => {
  const before = Date.now();
  const now = realtimeMs();
  expect(now).toBeGreaterThanOrEqual(before - 1);
  expect(now).toBeLessThanOrEqual(Date.now() + 1);
});
