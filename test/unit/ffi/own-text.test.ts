import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dropOwnText } from "../../../ffi/own-text.ts";

/** KiB of a program's read-only file mappings that are in memory. */
function textInMemory(): number {
  const maps = readFileSync("/proc/self/smaps", "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const own = maps.filter((map) => / r-[x-]p .*\/bun/.test(map.split("\n", 1)[0]!));
  return own.reduce((sum, map) => sum + Number(/^Rss: +(\d+)/m.exec(map)![1]), 0);
}

test("a program lets go of its own code, and goes on", () => {
  const before = textInMemory();
  const advised = dropOwnText();
  const after = textInMemory();

  expect(advised).toBeGreaterThan(50 * 2 ** 20);
  expect(after).toBeLessThan(before / 2);
  expect(JSON.parse(JSON.stringify({ sum: [1, 2, 3].reduce((a, b) => a + b) }))).toEqual({ sum: 6 });
});
