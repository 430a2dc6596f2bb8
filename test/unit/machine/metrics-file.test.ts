import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O } from "../../../ffi/fd.ts";
import { openLineTarget } from "../../../src/host/line-target.ts";
import { MetricsFile, RunTimer } from "../../../src/machine/metrics-file.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";
import { readings } from "../observe/metrics/readings.ts";

const SECOND = 1e9;

/** A timer of a minute, in a time of its own. */
function timer() {
  const time = { now: 5 * SECOND, isPaused: false };
  const made = new RunTimer(
    60 * SECOND,
    () => time.isPaused,
    () => time.now,
  );
  return { time, made };
}

test("a minute is over once a minute", () => {
  const { time, made } = timer();
  expect([made.isDue(), made.untilMs()]).toEqual([false, 60_000]);
  time.now += 59 * SECOND;
  expect([made.isDue(), made.untilMs()]).toEqual([false, 1000]);
  time.now += SECOND;
  expect([made.isDue(), made.isDue(), made.untilMs()]).toEqual([true, false, 60_000]);
});

test("it stands still while the machine does", () => {
  const { time, made } = timer();
  time.now += 40 * SECOND;
  time.isPaused = true;
  expect([made.isDue(), made.untilMs()]).toEqual([false, Number.POSITIVE_INFINITY]);
  time.now += 1000 * SECOND;
  expect(made.isDue()).toBe(false);
  time.isPaused = false;
  expect([made.isDue(), made.untilMs()]).toEqual([false, 20_000]);
  time.now += 20 * SECOND;
  expect(made.isDue()).toBe(true);
});

test("a line goes into the file, and one that is lost is counted and told by the next", () => {
  const folder = mkdtempSync(join(tmpdir(), "volt-metrics-"));
  try {
    const counts = newCounts();
    const fd = openLineTarget(join(folder, "metrics"), O.APPEND).number;
    const file = new MetricsFile(
      { fd, id: "one" },
      counts,
      () => readings({ counts }),
      () => false,
    );
    expect([file.flush(), file.flush()]).toEqual([true, true]);
    const lines = readFileSync(join(folder, "metrics"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(["one", "one"]);

    const full = new MetricsFile(
      { fd: openLineTarget("/dev/full").number },
      counts,
      () => readings({ counts }),
      () => false,
    );
    expect([full.flush(), counts.missedMetrics]).toEqual([false, 1]);
    file.flush();
    expect(
      JSON.parse(readFileSync(join(folder, "metrics"), "utf8").trimEnd().split("\n").at(-1)!).logger,
    ).toMatchObject({
      missed_metrics_count: 1,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
