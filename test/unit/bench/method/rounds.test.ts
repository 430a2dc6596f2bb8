import { expect, test } from "bun:test";
import { inRounds } from "../../../../bench/method/rounds.ts";

test("contenders take turns, and what the warm-up gave counts for nothing", async () => {
  const order: string[] = [];
  const samples = await inRounds(["a", "b"], { runs: 2, warmUp: 1 }, async (name, round) => {
    order.push(`${name}${round}`);
    return round;
  });
  expect(order).toEqual(["a-1", "b-1", "a0", "b0", "a1", "b1"]);
  expect(samples).toEqual({ a: [0, 1], b: [0, 1] });
});
