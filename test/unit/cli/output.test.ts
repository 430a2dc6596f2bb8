import { expect, test } from "bun:test";
import { table } from "../../../src/cli/output.ts";

test("a table's cells can't reprogram the terminal or make lines of their own", () => {
  expect(
    table([
      ["a\x1b[2J", "x"],
      ["b\nc", "\x9bm"],
    ]),
  ).toBe("a\\x1b[2J  x\nb\\x0ac    \\x9bm");
});
