import { expect, test } from "bun:test";
import { Rest } from "../../../src/machine/rest.ts";

function setUp() {
  let given = 0;
  const rest = new Rest(() => given++);
  const work = (turns: number) => {
    for (let i = 0; i < turns; i++) rest.turned(1, Number.POSITIVE_INFINITY);
  };
  return { rest, work, given: () => given };
}

test("a thread that did little waits as long as it likes, and gives nothing back", () => {
  const { rest, work, given } = setUp();
  work(500);
  expect(rest.timeout).toBe(Number.POSITIVE_INFINITY);
  rest.turned(0, Number.POSITIVE_INFINITY);
  expect(given()).toBe(0);
});

test("one that was busy gives back once, when it has rested for a second", () => {
  const { rest, work, given } = setUp();
  work(1000);
  expect(rest.timeout).toBe(1000);
  // Still at work, or woken by somebody's shorter time: no rest.
  rest.turned(1, 1000);
  rest.turned(0, 2);
  expect(given()).toBe(0);
  rest.turned(0, 1000);
  expect(given()).toBe(1);
  expect(rest.timeout).toBe(Number.POSITIVE_INFINITY);
  rest.turned(0, 1000);
  expect(given()).toBe(1);
  work(1000);
  rest.turned(0, 1000);
  expect(given()).toBe(2);
});
