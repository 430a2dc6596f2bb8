import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PHASES } from "../../../src/observe/phases.ts";
import { sharedHost } from "../../testbed/shared.ts";
import { guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts?: number;
  readonly dur?: number;
}

test("a traced boot tells each phase in its order, in the log and in the trace file", async () => {
  const trace = join((await sharedHost()).share, "boot.trace.json");
  const { status, stdout, log } = await guest("echo up", ["--log-level", "trace", "--trace", trace]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "up\n" });

  // Each phase of this list has one line with its milliseconds. The guest's and the console's come when they come.
  const lines = log.split("\n").filter((line) => line !== "");
  const marks = lines.flatMap((line) => {
    const [, ms, name] = /^volt: trace: +(\d+\.\d{3}) ms {2}(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ ms: Number(ms), name }];
  });
  const start: string[] = PHASES.slice(0, PHASES.indexOf("vCPU 0 enters KVM_RUN") + 1);
  expect(marks.slice(0, start.length).map(({ name }) => name)).toEqual(start);
  expect(marks.map(({ name }) => name).toSorted()).toEqual([...PHASES].toSorted());
  const times = marks.map(({ ms }) => ms);
  expect(times[0]).toBe(0);
  expect(times.slice(0, start.length)).toEqual(times.slice(0, start.length).toSorted((a, b) => a - b));

  // Nothing is said between this line and the guest's first instruction, but the phase of the same name.
  const running = lines.indexOf("volt: info: VM is running");
  expect(lines.slice(running + 1, running + 3).map((line) => line.replace(/.* ms {2}/, ""))).toEqual([
    "VM is running",
    "vCPU 0 enters KVM_RUN",
  ]);

  const { traceEvents } = JSON.parse(readFileSync(trace, "utf8")) as { traceEvents: readonly TraceEvent[] };
  const slices = traceEvents.filter(({ ph }) => ph === "X");
  expect(slices.map(({ name }) => name).toSorted()).toEqual([...PHASES].toSorted());
  let end = 0;
  for (const { name, ts, dur, pid, tid } of slices) {
    expect({ name, ts }).toEqual({ name, ts: expect.closeTo(end, 3) });
    expect(dur).toBeGreaterThanOrEqual(0);
    expect({ pid, tid }).toEqual({ pid: slices[0]!.pid, tid: 0 });
    end = ts! + dur!;
  }
});
