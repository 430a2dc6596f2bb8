import { expect, test } from "bun:test";
import { Random } from "../../../../bench/soak/random.ts";

const draw = (seed: number) => {
  const random = new Random(seed);
  return Array.from({ length: 1000 }, () => random.whole(1, 6));
};

test("the same seed gives the same order, another one another", () => {
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test("every number of a range comes, about as often as the others, and none outside of it", () => {
  const counts = new Map<number, number>();
  for (const value of draw(1)) counts.set(value, (counts.get(value) ?? 0) + 1);
  expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  for (const count of counts.values()) expect(count).toBeGreaterThan(100);
});
