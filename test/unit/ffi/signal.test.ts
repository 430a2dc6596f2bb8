import { afterEach, describe, expect, test } from "bun:test";
import { kickThread, threadId } from "../../../ffi/process.ts";
import {
  blockSignals,
  installKick,
  KICK_SIGNAL,
  Signal,
  SignalFd,
  signalName,
  unblockSignals,
} from "../../../ffi/signal.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";

const { SIGUSR2 } = Signal;

describe("a blocked signal", () => {
  afterEach(() => unblockSignals([KICK_SIGNAL]));

  test("is read as data from its descriptor, in the thread it was sent to", () => {
    installKick();
    blockSignals([KICK_SIGNAL]);
    using signals = new SignalFd([KICK_SIGNAL]);
    expect(signals.next()).toBe(0);
    kickThread(threadId());
    expect(signals.next()).toBe(KICK_SIGNAL);
    expect(signals.next()).toBe(0);
  });

  test("does nothing when it is let through: the kick's handler is harmless", () => {
    installKick();
    blockSignals([KICK_SIGNAL]);
    kickThread(threadId());
    unblockSignals([KICK_SIGNAL]);
    using signals = new SignalFd([KICK_SIGNAL]);
    expect(signals.next()).toBe(0);
  });

  test("descriptors are given back", () => {
    const before = openDescriptors();
    for (let i = 0; i < 50; i++) new SignalFd([SIGUSR2])[Symbol.dispose]();
    expect(openedSince(before)).toEqual([]);
  });
});

test("signals have their names", () => {
  expect(signalName(15)).toBe("SIGTERM");
  expect(signalName(KICK_SIGNAL)).toBe("signal 36");
});
