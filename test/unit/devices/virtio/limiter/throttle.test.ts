import { describe, expect, test } from "bun:test";
import { EPOLL, Epoll } from "../../../../../ffi/epoll.ts";
import type { RateLimiterConfig } from "../../../../../src/config/devices.ts";
import { Throttle } from "../../../../../src/devices/virtio/limiter/throttle.ts";
import { FakeAlarm } from "../../../../support/virtio/fake-alarm.ts";

const MS = 1e6;
/** One operation each 10 ms. */
const SLOW = { ops: { size: 1, one_time_burst: 0, refill_time: 10 } };

function throttled(limits: RateLimiterConfig, more: () => boolean = () => false) {
  const alarm = new FakeAlarm();
  const counters = { throttles: 0, refills: 0 };
  const calls = { resumed: 0 };
  const resume = (): boolean => {
    calls.resumed++;
    return more();
  };
  const throttle = new Throttle({ limits, counters, resume, alarm, now: alarm.now });
  return { throttle, alarm, counters, calls, ring: throttle.sources[0]!.ready };
}

describe("a throttle", () => {
  test("refuses what is over the limit, once, and calls back when it fits again", () => {
    const { throttle, alarm, counters, calls, ring } = throttled(SLOW);
    expect([throttle.admit(0), throttle.admit(0), throttle.admit(0)]).toEqual([true, false, false]);
    expect([counters.throttles, alarm.rings]).toEqual([1, alarm.time + 10 * MS]);
    alarm.time += 10 * MS;
    ring();
    expect(calls.resumed).toBe(1);
    expect(throttle.admit(0)).toBe(true);
  });

  test("refuses small requests too while a large one waits, so that they do not overtake it for ever", () => {
    const { throttle } = throttled({ bandwidth: { size: 100, one_time_burst: 0, refill_time: 100 } });
    expect([throttle.admit(60), throttle.admit(60), throttle.admit(1)]).toEqual([true, false, false]);
  });

  test("that is woken before its time does nothing", () => {
    const { throttle, alarm, calls, ring } = throttled(SLOW);
    throttle.admit(0);
    throttle.admit(0);
    alarm.time += 9 * MS;
    ring();
    expect([calls.resumed, throttle.admit(0)]).toEqual([0, false]);
  });

  test("comes back at once for what its device left undone", () => {
    const { throttle, alarm, calls, ring } = throttled(SLOW, () => calls.resumed < 3);
    throttle.admit(0);
    throttle.admit(0);
    alarm.time += 10 * MS;
    while (alarm.rings !== undefined) ring();
    expect(calls.resumed).toBe(3);
  });

  test("tries again at once with new limits", () => {
    const { throttle, alarm, calls, ring } = throttled(SLOW);
    throttle.admit(0);
    throttle.admit(0);
    throttle.update({ ops: { size: 0, one_time_burst: 0, refill_time: 0 } });
    ring();
    expect([calls.resumed, throttle.admit(0), throttle.admit(0), alarm.rings]).toEqual([1, true, true, undefined]);
  });

  test("gives back what was admitted in vain", () => {
    const { throttle } = throttled(SLOW);
    expect(throttle.admit(0)).toBe(true);
    throttle.giveBack(0);
    expect(throttle.admit(0)).toBe(true);
  });

  test("for a device that has no limits has no descriptor", () => {
    const throttle = new Throttle({ limits: undefined, counters: { throttles: 0, refills: 0 }, resume: () => false });
    expect(throttle.sources).toEqual([]);
    expect(throttle.admit(2 ** 40)).toBe(true);
    expect(() => throttle.update(SLOW)).toThrow("without a rate limiter");
  });

  test("wakes an epoll by a real timer, and leaves it asleep otherwise", () => {
    let resumed = 0;
    const resume = (): boolean => {
      resumed++;
      return false;
    };
    const throttle = new Throttle({ limits: SLOW, counters: { throttles: 0, refills: 0 }, resume });
    using epoll = new Epoll("a test");
    const { fd, ready } = throttle.sources[0]!;
    epoll.add(fd, EPOLL.IN, 1);
    expect([throttle.admit(0), epoll.wait(0), throttle.admit(0)]).toEqual([true, 0, false]);
    // Signals of Bun's own end a wait early.
    while (epoll.wait(10_000) === 0);
    ready();
    expect([resumed, epoll.wait(0)]).toEqual([1, 0]);
  });
});
