import { expect, test } from "bun:test";
import { cpus } from "node:os";
import { buildKernel } from "../../src/kernels/build/build.ts";
import { Home } from "../unit/kernels/home.ts";

const silent = { say: () => {}, compiled: () => {} };
const build = (home: Home, settings: readonly string[]) =>
  buildKernel(home.paths, { name: "k", source: undefined, fragments: [], settings, jobs: cpus().length }, silent);
const HOUR = 3_600_000;

test(
  "two builds from clean trees, in different folders, give the same kernel",
  async () => {
    using one = new Home();
    using other = new Home();
    const first = await build(one, []);
    expect((await build(other, [])).digest).toBe(first.digest);
    expect(await build(one, [])).toMatchObject({ digest: first.digest, wasThere: true });
  },
  2 * HOUR,
);

test(
  "an option that does not survive stops the build before anything is compiled, with the dependency that dropped it",
  async () => {
    using home = new Home();
    await expect(build(home, ["BPF_JIT=y", "MODULES=n"])).rejects.toThrow(
      /CONFIG_BPF_JIT=y \(--set\) became n: it depends on MODULES/,
    );
    expect(home.list("drafts")).toEqual([]);
  },
  HOUR,
);
