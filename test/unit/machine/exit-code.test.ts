import { expect, test } from "bun:test";
import { exitCode } from "../../../src/machine/exit-code.ts";
import { End } from "../../../src/machine/state.ts";

test.each([
  ["a power-off is the guest's status", End.poweroff, 7, 0, 7],
  ["a reset is too", End.reset, 255, 0, 255],
  ["of a guest that said nothing it is 0", End.reset, 0, 0, 0],
  ["a panic is 124, whatever was said before", End.panic, 7, 0, 124],
  ["a triple fault is 124", End.tripleFault, 7, 0, 124],
  ["volt's own failure is 125", End.failure, 7, 0, 125],
  ["a signal is 128 and its number", End.signal, 7, 15, 143],
  ["SIGHUP is 129", End.signal, 0, 1, 129],
])("%s", (_, end, guestStatus, signal, expected) => {
  expect(exitCode(end, guestStatus, signal)).toBe(expected);
});
