/** Many long walks of the API of real machines (guests of a few instructions, which need no more than a /dev/kvm). */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { walkRealMachines } from "../e2e/firecracker/walks.ts";

const MINUTES = Number(process.env["WALK_MINUTES"] ?? 20);
setDefaultTimeout((MINUTES + 5) * 60_000);
/** Of an earlier run, to walk it again. */
const SEED = process.env["WALK_SEED"];

test.skipIf(!existsSync("/dev/kvm"))(
  "a hundred walks of the API, each of a machine of its own, or as many as there is time for",
  async () => {
    const seed = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);
    console.error(`WALK_SEED=${seed}`);
    const { walks, taken } = await walkRealMachines({ walks: 100, steps: 100, limitMs: MINUTES * 60_000, seed });
    console.error(`${walks} walks; requests that were taken: ${JSON.stringify(Object.fromEntries(taken))}`);
    for (const state of ["Not started", "Running", "Paused"] as const) expect(taken.get(state)).toBeGreaterThan(20);
  },
);
