import { describe, expect, test } from "bun:test";
import { EPOLL, Epoll } from "../../../ffi/epoll.ts";
import { EventFd } from "../../../ffi/eventfd.ts";
import { Fd } from "../../../ffi/fd.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";
import { systemError } from "../../support/thrown.ts";

function ready(epoll: Epoll): { token: number; events: number }[] {
  return Array.from({ length: epoll.wait(0) }, (_, i) => ({ token: epoll.token(i), events: epoll.events(i) }));
}

describe("epoll", () => {
  test("tells which of its descriptors are ready, by token", () => {
    using epoll = new Epoll("a test");
    using first = EventFd.create("first");
    using second = EventFd.create("second");
    epoll.add(first.number, EPOLL.IN, 1);
    epoll.add(second.number, EPOLL.IN, 0xffff_ffff);
    expect(ready(epoll)).toEqual([]);
    second.signal();
    expect(ready(epoll)).toEqual([{ token: 0xffff_ffff, events: EPOLL.IN }]);
    first.signal();
    expect(
      ready(epoll)
        .map(({ token }) => token)
        .sort(),
    ).toEqual([0xffff_ffff, 1].sort());
  });

  test("can be asked for other events, and tells an edge anew then", () => {
    using epoll = new Epoll("a test");
    using event = EventFd.create("an event");
    epoll.add(event.number, EPOLL.IN + EPOLL.EDGE, 7);
    expect(ready(epoll)).toEqual([]);
    epoll.modify(event.number, EPOLL.OUT + EPOLL.EDGE, 8);
    expect(ready(epoll)).toEqual([{ token: 8, events: EPOLL.OUT }]);
    expect(ready(epoll)).toEqual([]);
    epoll.modify(event.number, EPOLL.OUT + EPOLL.EDGE, 8);
    expect(ready(epoll)).toHaveLength(1);
    expect(() => epoll.modify(-1, EPOLL.IN, 9)).toThrow("EBADF");
  });

  test("has a descriptor that is ready while one of its own is", () => {
    using inner = new Epoll("inner");
    using outer = new Epoll("outer");
    using event = EventFd.create("an event");
    inner.add(event.number, EPOLL.IN, 1);
    outer.add(inner.number, EPOLL.IN, 2);
    expect(ready(outer)).toEqual([]);
    event.signal();
    expect(ready(outer)).toEqual([{ token: 2, events: EPOLL.IN }]);
    event.take();
    expect(ready(outer)).toEqual([]);
  });

  test("edge-triggered, says so once a signal", () => {
    using epoll = new Epoll("a test");
    using event = EventFd.create("an event");
    epoll.add(event.number, EPOLL.IN | EPOLL.EDGE, 7);
    event.signal();
    expect(ready(epoll)).toHaveLength(1);
    expect(ready(epoll)).toEqual([]);
    event.signal();
    expect(ready(epoll)).toHaveLength(1);
  });

  test("watches for what it was told, until it is told to stop", () => {
    using epoll = new Epoll("a test");
    using event = EventFd.create("an event");
    epoll.add(event.number, EPOLL.OUT, 2);
    expect(ready(epoll)).toEqual([{ token: 2, events: EPOLL.OUT }]);
    epoll.remove(event.number);
    expect(ready(epoll)).toEqual([]);
  });

  test("gives more than one batch of events over several waits", () => {
    using epoll = new Epoll("a test");
    using events = new DisposableStack();
    for (let token = 0; token < 50; token++) {
      const event = events.use(EventFd.create(`event ${token}`));
      event.signal();
      epoll.add(event.number, EPOLL.IN | EPOLL.ONESHOT, token);
    }
    const seen = [...ready(epoll), ...ready(epoll)].map(({ token }) => token);
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, token) => token));
  });

  test("says which epoll refused, and why", () => {
    using epoll = new Epoll("the I/O thread");
    using event = EventFd.create("an event");
    epoll.add(event.number, EPOLL.IN, 1);
    expect(systemError(() => epoll.add(event.number, EPOLL.IN, 1)).message).toBe(
      "the I/O thread: epoll_ctl: File exists (EEXIST)",
    );
    expect(systemError(() => epoll.add(-1, EPOLL.IN, 1)).code).toBe("EBADF");
  });

  test("does not take what is always ready", () => {
    using epoll = new Epoll("a test");
    using event = EventFd.create("an event");
    using file = Fd.sealed("a regular file", new Uint8Array(1));
    expect(epoll.add(file.number, EPOLL.IN, 1)).toBe(false);
    expect(epoll.add(event.number, EPOLL.IN, 2)).toBe(true);
  });

  test("is given back", () => {
    const before = openDescriptors();
    for (let i = 0; i < 50; i++) new Epoll("a test")[Symbol.dispose]();
    expect(openedSince(before)).toEqual([]);
  });
});
