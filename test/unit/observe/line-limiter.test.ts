import { expect, test } from "bun:test";
import { LineLimiter } from "../../../src/observe/line-limiter.ts";

function limited() {
  const time = { now: 0 };
  const lines: string[] = [];
  const limiter = new LineLimiter(() => time.now);
  return { time, lines, say: (line: string) => limiter.say(line, (said) => lines.push(said)) };
}

test("ten lines are said at once, a flood after them is not", () => {
  const { lines, say } = limited();
  const said = Array.from({ length: 1000 }, (_, i) => say(`line ${i}`));
  expect(said.filter(Boolean)).toHaveLength(10);
  expect(lines).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i}`));
});

test("the next one says how many were left out, once", () => {
  const { time, lines, say } = limited();
  for (let i = 0; i < 15; i++) say("x");
  time.now += 1e9;
  say("y");
  say("z");
  expect(lines.slice(10)).toEqual(["y (5 more lines like this were left out)", "z"]);
});

test("five seconds allow ten more, and no time allows more than that", () => {
  const { time, lines, say } = limited();
  const flood = () => {
    const before = lines.length;
    for (let i = 0; i < 100; i++) say("x");
    return lines.length - before;
  };
  expect(flood()).toBe(10);
  time.now += 5e9;
  expect(flood()).toBe(10);
  time.now += 1e6 * 1e9;
  expect(flood()).toBe(10);
});
