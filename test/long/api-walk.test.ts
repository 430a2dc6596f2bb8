/** Many long walks of the API of real machines (guests of a few instructions, which need no more than a /dev/kvm). */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { walkRealMachines } from "../e2e/firecracker/walks.ts";

setDefaultTimeout(1_800_000);

test.skipIf(!existsSync("/dev/kvm"))("a hundred walks of the API, each of a machine of its own", async () => {
  const taken = await walkRealMachines({ walks: 100, steps: 100 });
  for (const state of ["Not started", "Running", "Paused"] as const) expect(taken.get(state)).toBeGreaterThan(20);
});
