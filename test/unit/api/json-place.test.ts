import { expect, test } from "bun:test";
import fc from "fast-check";
import { placeOf } from "../../../src/api/json-place.ts";

test.each<[string, readonly (string | number)[], string | undefined]>([
  ["[1, 2]", [], "[1, 2]"],
  [' {"a": 1 , "b": [true, {"c": "x\\"]}"}]} ', ["b", 1, "c"], '"x\\"]}"'],
  ['{"a": 1, "a": 2}', ["a"], "2"],
  ['{"\\u0061": null}', ["a"], "null"],
  ['{"a": 1}', ["b"], undefined],
  ['{"a": 1}', ["a", "b"], undefined],
  ["[[], {}]", [1], "{}"],
  ["[]", [0], undefined],
])("in %s %p leads to %p", (text, keys, expected) => {
  const place = placeOf(text, keys);
  expect(place && text.slice(place.start, place.end)).toBe(expected);
});

test("whatever the document, what stands there is what is there", () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), fc.nat(3), (list, space) => {
      const text = JSON.stringify(list, undefined, space);
      for (const [i, one] of list.entries()) {
        for (const [key, value] of Object.entries(one)) {
          const { start, end } = placeOf(text, [i, key])!;
          expect(JSON.parse(text.slice(start, end))).toEqual(JSON.parse(JSON.stringify(value)));
        }
      }
    }),
  );
});

test("a string of a million marks is one string", () => {
  const text = JSON.stringify({ a: "\\".repeat(1e6), b: 1 });
  expect(placeOf(text, ["b"])).toEqual({ start: text.length - 2, end: text.length - 1 });
});
