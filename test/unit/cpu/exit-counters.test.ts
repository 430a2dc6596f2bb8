import { expect, test } from "bun:test";
import { EXIT_COUNTER_BYTES, ExitCounters, ExitKind } from "../../../src/cpu/exit-counters.ts";

test("what one thread counts another reads, and neighbours are apart", () => {
  const memory = new ArrayBuffer(2 * EXIT_COUNTER_BYTES);
  const [first, second] = [new ExitCounters(memory), new ExitCounters(memory, EXIT_COUNTER_BYTES, true)];
  first.count(ExitKind.MMIO_WRITE);
  for (let i = 0; i < 3; i++) second.count(ExitKind.IO_IN);
  second.took(ExitKind.MMIO_WRITE, 700);
  second.countClockFailure();
  const other = new ExitCounters(memory);
  expect([other.of(ExitKind.MMIO_WRITE), other.of(ExitKind.IO_IN), other.served]).toEqual([1, 0, 1]);
  expect([other.clockFailures, other.times(ExitKind.MMIO_WRITE).sum]).toEqual([0, 0]);
});

test("times have a sum, a shortest and a longest", () => {
  const exits = new ExitCounters(new ArrayBuffer(EXIT_COUNTER_BYTES), 0, true);
  expect(exits.times(ExitKind.IO_OUT)).toEqual({ sum: 0, shortest: 0, longest: 0 });
  for (const ns of [500, 300, 800]) exits.took(ExitKind.IO_OUT, ns);
  expect(exits.times(ExitKind.IO_OUT)).toEqual({ sum: 1600, shortest: 300, longest: 800 });
});
