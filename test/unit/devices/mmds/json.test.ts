import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mergePatch, metadataText, parseMetadata, valueAt } from "../../../../src/devices/mmds/json.ts";

const merged = (target: string, patch: string) => metadataText(mergePatch(parseMetadata(target), parseMetadata(patch)));
const at = (text: string, pointer: string) => {
  const value = valueAt(parseMetadata(text), pointer);
  return value === undefined ? undefined : metadataText(value);
};

describe("what goes in comes out:", () => {
  test.each([
    ["numbers beyond any of JavaScript's", '{"n":[12345678901234567890,1.0,-0,1e400]}'],
    ["null, and an empty name", '{"":null}'],
    ["names that mean something elsewhere", '{"__proto__":{"x":1},"constructor":1,"toString":null}'],
    ["names that are numbers, before others", '{"9":2,"10":1,"a":3}'],
    ["a text alone", '"a\\n\\"b\\" \u00e9"'],
  ])("%s", (_, text) => {
    expect(metadataText(parseMetadata(text))).toBe(text);
  });

  test("any JSON, but for blanks and the order of names", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(JSON.parse(metadataText(parseMetadata(text)))).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe("what is nested too deeply is refused, however long,", () => {
  const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;
  test.each([
    ["lists", "[", "]"],
    ["objects", '{"a":', "}"],
  ])("%s", (_, open, close) => {
    expect(metadataText(parseMetadata(nested(127, open, close)))).toBe(nested(127, open, close));
    expect(() => parseMetadata(nested(128, open, close))).toThrow("recursion limit exceeded");
    expect(() => parseMetadata(nested(1e6, open, close))).toThrow("recursion limit exceeded");
  });

  test("but brackets in a text are none", () => {
    const text = JSON.stringify({ a: `\\"${"[{".repeat(500)}` });
    expect(metadataText(parseMetadata(text))).toBe(text);
  });
});

describe("a merge patch (the examples of RFC 7396)", () => {
  test.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', "{}"],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', "null", "null"],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"a":1,"e":null}'],
    ["[1,2]", '{"a":"b","c":null}', '{"a":"b"}'],
    ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])("of %s by %s makes %s", (target, patch, result) => {
    expect(merged(target, patch)).toBe(result);
  });

  test("by itself changes nothing, once its nulls are gone", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const once = mergePatch({}, parseMetadata(text));
        expect(metadataText(mergePatch(once, once))).toBe(metadataText(once));
      }),
    );
  });

  test("of __proto__ touches no other object", () => {
    expect(merged("{}", '{"__proto__":{"polluted":1}}')).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe("a pointer", () => {
  const text = '{"a":{"b/c":1,"d~e":2,"":3},"l":[10,[11]],"__proto__":4}';
  test.each([
    ["", '{"__proto__":4,"a":{"":3,"b/c":1,"d~e":2},"l":[10,[11]]}'],
    ["/a/b~1c", "1"],
    ["/a/d~0e", "2"],
    ["/a/", "3"],
    ["/l/0", "10"],
    ["/l/1/0", "11"],
    ["/__proto__", "4"],
    ["/l/01", undefined],
    ["/l/-1", undefined],
    ["/l/2", undefined],
    ["/l/length", undefined],
    ["/a/b/c", undefined],
    ["/a/hasOwnProperty", undefined],
    ["/l/0/toString", undefined],
    ["a", undefined],
  ])("%p leads to %p", (pointer, value) => {
    expect(at(text, pointer)).toBe(value);
  });
});
