import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileC } from "../../../../bench/method/compile.ts";
import { type StopwatchOptions, time } from "../../../../bench/method/stopwatch.ts";
import { NativeHost } from "../../../testbed/native.ts";

const folder = mkdtempSync(join(tmpdir(), "volt-stopwatch-"));
const stopwatch = join(folder, "stopwatch");
const host = new NativeHost();

beforeAll(() => compileC("stopwatch.c", stopwatch));
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true });
});

const run = (script: string, options?: StopwatchOptions) => time(host, stopwatch, ["sh", "-c", script], options);

describe("the stopwatch", () => {
  test("tells a command's status, output and when what happened, in order", async () => {
    const marks = ["one", "two", "never"];
    const times = await run("echo one; sleep 0.05; echo two >&2; exit 3", { marks });
    expect(times.status).toBe(3);
    expect(times.output).toBe("one\ntwo\n");
    const [one, two, never] = times.marks;
    expect(never).toBeUndefined();
    expect(times.firstByte).toBe(one!);
    expect([one! < two!, two! < times.wall, two! - one! >= 40]).toEqual([true, true, true]);
  });

  test("tells how much processor time a command had used at a text", async () => {
    const script = "echo one; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo two; sleep 0.2; echo three";
    const { cpuAtMarks, cpu } = await run(script, { marks: ["one", "two", "three", "never"] });
    const [one, two, three, never] = cpuAtMarks;
    expect(never).toBeUndefined();
    expect([two! - one! > 5, three! - two! < 100, three! <= cpu + 1]).toEqual([true, true, true]);
  });

  test("finds a text that comes in pieces", async () => {
    const { marks } = await run("printf kernel; sleep 0.05; printf ' panic'", { marks: ["kernel panic"] });
    expect(marks[0]).toBeGreaterThanOrEqual(40);
  });

  test("kills at a text", async () => {
    const { status, marks, wall } = await run("echo ready; exec sleep 60", { killAt: "ready" });
    expect([status, marks.length, wall < 30_000]).toEqual([128 + 9, 1, true]);
  });

  test("kills what takes too long", async () => {
    expect((await run("exec sleep 60", { seconds: 1 })).status).toBe(124);
  });

  test("says when a command writes nothing, and what one costs that only computes", async () => {
    const { firstByte, cpu } = await run("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
    expect(firstByte).toBeUndefined();
    expect(cpu).toBeGreaterThan(5);
  });

  test("takes a megabyte of output and lets the rest go", async () => {
    const { output, status } = await run("yes | head -c 3000000");
    expect([output.length, status]).toEqual([2 ** 20, 0]);
  });
});
