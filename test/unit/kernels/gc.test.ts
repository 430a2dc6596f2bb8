import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { collectGarbage } from "../../../src/kernels/gc.ts";
import { removeName } from "../../../src/kernels/names.ts";
import { Home } from "./home.ts";

test("looking for what could go writes nothing, so that a store that can't be written is looked at, too", () => {
  using home = new Home();
  expect(collectGarbage(home.paths, true)).toEqual([]);
  expect(existsSync(home.paths.home)).toBe(false);

  home.add("a");
  removeName(home.paths, "a");
  mkdirSync(join(home.paths.drafts, "killed"));
  // Who is no root then has no lock to write to.
  chmodSync(home.paths.lock, 0o444);
  chmodSync(home.paths.home, 0o555);
  const found = collectGarbage(home.paths, true);
  chmodSync(home.paths.home, 0o755);
  expect(found.map(({ what }) => what)).toEqual(["a kernel without a name", "an unfinished draft"]);
  expect([home.list("objects").length, home.list("drafts").length]).toEqual([1, 1]);
});
