import { expect, test } from "bun:test";
import { EventFd } from "../../../ffi/eventfd.ts";
import { isReady, POLL } from "../../../ffi/poll.ts";

test("a descriptor is ready for what can be done now, and only for that", () => {
  using event = EventFd.create("a test");
  expect(isReady(event.number, POLL.IN)).toBe(false);
  expect(isReady(event.number, POLL.OUT)).toBe(true);
  event.signal();
  expect(isReady(event.number, POLL.IN)).toBe(true);
});

test("one that is closed is ready: the read that follows reports it", () => {
  expect(isReady(1_000_000, POLL.IN)).toBe(true);
});
