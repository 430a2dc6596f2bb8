import { expect, test } from "bun:test";
import { Turns } from "../../../../../src/devices/virtio/queue/turns.ts";

/** The order in which three are served, when those of `gets` get something. */
function round(turns: Turns, ...gets: readonly number[]): number[] {
  const order: number[] = [];
  turns.round(3, (index) => {
    order.push(index);
    return gets.includes(index);
  });
  return order;
}

test("the first that got something goes last the next time", () => {
  const turns = new Turns();
  expect(round(turns, 0, 1, 2)).toEqual([0, 1, 2]);
  expect(round(turns, 2)).toEqual([1, 2, 0]);
  expect(round(turns)).toEqual([0, 1, 2]);
});

test("who got nothing keeps its place", () => {
  const turns = new Turns();
  round(turns);
  expect(round(turns)).toEqual([0, 1, 2]);
});
