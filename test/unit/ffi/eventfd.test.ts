import { expect, test } from "bun:test";
import { EventFd } from "../../../ffi/eventfd.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";

test("nothing is there to take before a signal", () => {
  using event = EventFd.create("a test");
  expect(event.take()).toBe(false);
});

test("many signals are taken at once", () => {
  using event = EventFd.create("a test");
  for (let i = 0; i < 3; i++) event.signal();
  expect(event.take()).toBe(true);
  expect(event.take()).toBe(false);
});

test("a blocking one still takes what is there at once", () => {
  using event = EventFd.create("a test", true);
  event.signal();
  expect(event.take()).toBe(true);
});

test("a signal by number reaches whoever has the object", () => {
  using event = EventFd.create("a test");
  EventFd.attach(event.number, "the same").signal();
  expect(event.take()).toBe(true);
});

test("every one is given back", () => {
  const before = openDescriptors();
  for (let i = 0; i < 50; i++) {
    using event = EventFd.create("a test");
    expect(openDescriptors().get(event.number)).toBe("anon_inode:[eventfd]");
  }
  expect(openedSince(before)).toEqual([]);
});
