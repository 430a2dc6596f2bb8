/** docs/metrics.md is true: its table is the registry's, its zeros are those that lines have whatever happens. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { MetricsLines } from "../../../../src/observe/metrics/firecracker/lines.ts";
import { METRICS } from "../../../../src/observe/metrics/registry.ts";
import { busyReadings } from "./busy.ts";

const page = await Bun.file(join(import.meta.dir, "../../../../docs/metrics.md")).text();

test("the page has each metric with its type, its labels and what it means", () => {
  const rows = METRICS.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.join(", ")} | ${help.replaceAll("|", "\\|")} |`,
  );
  const listed = page.split("\n").filter((line) => /^\| `(volt|process)_/.test(line));
  expect(listed).toEqual(rows);
});

test("the page lists the fields of Firecracker's that are always 0, and no other is", () => {
  let line: Record<string, unknown> = {};
  new MetricsLines().next(busyReadings(), (text) => {
    line = JSON.parse(text);
    return true;
  });
  const zeros = Object.entries(line).flatMap(([group, fields]) =>
    /^(block|net)_/.test(group) ? [] : zerosOf(fields).map((field) => `${group}.${field}`),
  );
  const listed = page
    .split("\n")
    .filter((text) => text.startsWith("- `"))
    .map((text) => text.slice(3, -1));
  expect(listed.flatMap(expand).sort()).toEqual(zeros.sort());
});

/** Names of fields that are 0, or times that are. */
function zerosOf(fields: unknown): string[] {
  if (typeof fields !== "object" || fields === null) return [];
  return Object.entries(fields).flatMap(([name, value]) => {
    const isZero = value === 0 || (typeof value === "object" && Object.values(value).every((time) => time === 0));
    return isZero ? [name] : [];
  });
}

/** `group.{a, b}` as its fields. */
function expand(entry: string): string[] {
  const [group = "", fields = ""] = entry.split(/\.(.*)/s);
  return fields
    .replace(/^\{|\}$/g, "")
    .split(", ")
    .map((field) => `${group}.${field}`);
}
