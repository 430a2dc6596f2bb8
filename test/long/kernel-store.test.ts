import { expect, test } from "bun:test";
import { kernelFiles, killAgainAndAgain } from "../support/kernels/kills.ts";
import { Home } from "../unit/kernels/home.ts";

test("two hundred kills at random moments leave a store of whole kernels", async () => {
  using home = new Home();
  expect(await killAgainAndAgain(home.paths, kernelFiles(home.root, 3), 200)).toEqual([]);
}, 600_000);
