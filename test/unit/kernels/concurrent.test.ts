import { expect, setDefaultTimeout, test } from "bun:test";
import { listKernels } from "../../../src/kernels/list.ts";
import { BUSY, kernelFiles, killAgainAndAgain, storeProblems } from "../../support/kernels/kills.ts";
import { Home } from "./home.ts";

/** A process a kill, and every step waits for the disk. */
setDefaultTimeout(120_000);

test("a store whose users are killed at random moments holds whole kernels only, and gc clears the rest", async () => {
  using home = new Home();
  expect(await killAgainAndAgain(home.paths, kernelFiles(home.root, 3), 15)).toEqual([]);
});

test("twenty who add the same kernels at once all succeed, and each kernel is stored once", async () => {
  using home = new Home();
  const files = kernelFiles(home.root, 4);
  const children = Array.from({ length: 20 }, () =>
    Bun.spawn([process.execPath, BUSY, home.paths.home, files, "1"], { stdout: "ignore", stderr: "pipe" }),
  );
  const ends = await Promise.all(children.map(async (child) => [await child.exited, await child.stderr.text()]));
  expect(ends).toEqual(children.map(() => [0, ""]));
  expect(listKernels(home.paths).map(({ name }) => name)).toEqual([0, 1, 2, 3].flatMap((i) => [`k${i}`, `k${i}-tag`]));
  expect(home.list("objects")).toHaveLength(4);
  expect(storeProblems(home.paths)).toEqual([]);
});
