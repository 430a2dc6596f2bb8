import { expect, test } from "bun:test";
import { EMULATED } from "../../support/emulated.ts";
import { walkRealMachines } from "./walks.ts";

test("whatever is asked of a real machine, in whatever order, it is in the state that the model is in", async () => {
  const { taken } = await walkRealMachines({ walks: 3, steps: EMULATED ? 20 : 40, once: true, unbiased: true });
  expect(taken.get("Not started")).toBeGreaterThan(0);
});
