/** Firecracker's log lines, by the rules its own tests have for them. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FirecrackerLog } from "../../../src/firecracker/log.ts";
import { newCounts } from "../../../src/observe/metrics/counts.ts";

let folder: string;
let log: FirecrackerLog;
const counts = newCounts().log;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-fclog-"));
  log = new FirecrackerLog({ id: "one", zoneMinutes: 90 }, counts);
  log.openTarget(join(folder, "log"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = (): string[] => readFileSync(join(folder, "log"), "utf8").split("\n").slice(0, -1);

test("a line has local time, id and thread, and what else it was told to have", () => {
  log.write("info", "plain");
  log.change({ showLevel: true });
  log.write("warn", "level", "api");
  log.change({ showOrigin: true });
  log.write("error", "all", "api");
  log.change({ showLevel: false });
  log.write("info", "origin", "vmm");
  const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}";
  const expected = [
    `^${time} \\[one:main\\] plain$`,
    `^${time} \\[one:fc_api:WARN\\] level$`,
    `^${time} \\[one:fc_api:ERROR:([^:]+/[^:]+):([0-9]+)\\] all$`,
    `^${time} \\[one:main:([^:]+/[^:]+):([0-9]+)\\] origin$`,
  ];
  expect(lines()).toHaveLength(expected.length);
  for (const [i, line] of lines().entries()) expect(line).toMatch(new RegExp(expected[i]!));
  for (const line of lines().slice(2))
    expect(existsSync(/:(?<file>src\/[^:]+):\d+\]/.exec(line)!.groups!["file"]!)).toBe(true);
  const [date] = lines()[0]!.split(" ");
  expect(Math.abs(Date.parse(`${date!.slice(0, 23)}Z`) - Date.now() - 90 * 60_000)).toBeLessThan(10_000);
});

test.each([
  ["firecracker", ["main", "api"]],
  ["firecracker::api_server", ["api"]],
  ["vmm", ["vmm"]],
  ["vmm::devices", []],
  ["", ["main", "api", "vmm"]],
])("a module of %p lets through what comes from there", (module, expected) => {
  log.change({ module });
  for (const origin of ["main", "api", "vmm"] as const) log.write("info", origin, origin);
  expect(lines().map((line) => line.split(" ").at(-1)!)).toEqual(expected);
});

test("a level lets through what is at least as grave; Off nothing", () => {
  const said = (level: "off" | "warn" | "trace"): number => {
    const before = lines().length;
    log.change({ level });
    for (const one of ["error", "warn", "info", "debug", "trace"] as const) log.write(one, one);
    return lines().length - before;
  };
  expect([said("off"), said("warn"), said("trace")]).toEqual([0, 2, 5]);
});

test("a target that takes nothing costs the line, which is counted", () => {
  const before = counts.missed;
  log.openTarget("/dev/full");
  log.write("error", "x");
  expect(counts.missed).toBe(before + 1);
});

test("a text from outside makes one line", () => {
  log.write("info", "a\nb\x1b[0m");
  expect(lines()).toHaveLength(1);
});
