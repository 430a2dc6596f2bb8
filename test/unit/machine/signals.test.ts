import { expect, test } from "bun:test";
import { KICK_SIGNAL, Signal, signalName } from "../../../ffi/signal.ts";
import { HANDLED_SIGNALS, SIGNALS } from "../../../src/machine/signals.ts";

test("the polite ones ask the guest, SIGHUP does not", () => {
  const { SIGTERM, SIGINT, SIGHUP } = Signal;
  expect([SIGTERM, SIGINT, SIGHUP].map((signal) => SIGNALS.get(signal))).toEqual(["shut down", "shut down", "end"]);
});

test("what nobody can handle, what a crash sends, and what kicks a vCPU are not taken", () => {
  const [sigill, sigtrap, sigabrt, sigbus, sigfpe, sigkill, sigsegv] = [4, 5, 6, 7, 8, 9, 11];
  for (const signal of [sigill, sigtrap, sigabrt, sigbus, sigfpe, sigkill, sigsegv, Signal.SIGSTOP, KICK_SIGNAL]) {
    expect(HANDLED_SIGNALS).not.toContain(signal!);
  }
});

test("each signal that would end or stop a process by default is taken, so that the terminal is given back", () => {
  // signal(7): Term and Stop, without SIGKILL and SIGSTOP, SIGPIPE (Bun ignores it) and SIGPWR (Bun's).
  const byDefault = [1, 2, 3, 10, 12, 14, 15, 16, 20, 21, 22, 24, 26, 27, 29];
  const missing = byDefault.filter((signal) => !HANDLED_SIGNALS.includes(signal));
  expect(missing.map(signalName)).toEqual([]);
});
