import { describe, expect, test } from "bun:test";
import { EPOLL, Epoll } from "../../../ffi/epoll.ts";
import { TimerFd } from "../../../ffi/timerfd.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";

const MS = 1e6;
/** Far longer than any test takes. */
const LONG_NS = 1e15;

/** Waits for the timer as the main loop does. @returns how often it ran out */
function wait(timer: TimerFd): number {
  using epoll = new Epoll("a test");
  epoll.add(timer.fd, EPOLL.IN, 0);
  // Signals of Bun's own end a wait early.
  while (epoll.wait(10_000) === 0);
  return timer.take();
}

describe("a timer", () => {
  test("that was never set, or is set far ahead, has not run out", () => {
    using timer = TimerFd.create("a test");
    expect(timer.take()).toBe(0);
    timer.setOnce(LONG_NS);
    expect(timer.take()).toBe(0);
  });

  test("set once runs out once", () => {
    using timer = TimerFd.create("a test");
    timer.setOnce(MS);
    expect(wait(timer)).toBe(1);
    expect(timer.take()).toBe(0);
  });

  test.each([0, -5, 0.25])("set to %d ns runs out at once", (ns) => {
    using timer = TimerFd.create("a test");
    timer.setOnce(ns);
    expect(wait(timer)).toBe(1);
  });

  test("set anew forgets what it was set to, and what it ran out before", () => {
    using timer = TimerFd.create("a test");
    timer.setOnce(0);
    timer.setOnce(LONG_NS);
    expect(timer.take()).toBe(0);
    timer.setOnce(MS);
    expect(wait(timer)).toBe(1);
  });

  test("set to a period runs out again and again, until it is cleared", () => {
    using timer = TimerFd.create("a test");
    timer.setPeriodic(MS);
    expect(wait(timer)).toBeGreaterThan(0);
    expect(wait(timer)).toBeGreaterThan(0);
    timer.clear();
    expect(timer.take()).toBe(0);
  });

  test.each([1e18, Number.MAX_VALUE, Number.POSITIVE_INFINITY])("takes %d ns for a very long time", (ns) => {
    using timer = TimerFd.create("a test");
    timer.setOnce(ns);
    expect(timer.take()).toBe(0);
  });

  test("is given back", () => {
    const before = openDescriptors();
    for (let i = 0; i < 50; i++) {
      using timer = TimerFd.create("a test");
      expect(openDescriptors().get(timer.fd)).toBe("anon_inode:[timerfd]");
    }
    expect(openedSince(before)).toEqual([]);
  });
});
