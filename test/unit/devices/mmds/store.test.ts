import { expect, test } from "bun:test";
import { MmdsStore } from "../../../../src/devices/mmds/store.ts";

test("a store has nothing before the first document, and nothing to patch", () => {
  const store = new MmdsStore(100);
  expect(store.text).toBeUndefined();
  expect(() => store.patch('{"a":1}')).toThrow("The MMDS data store is not initialized.");
  store.put("null");
  store.patch('{"a":1}');
  expect(store.text).toBe('{"a":1}');
});

test("its limit counts bytes, without blanks; what is too much changes nothing", () => {
  const store = new MmdsStore(11);
  store.put('{ "a" : "éx" }  ');
  for (const text of ['{"a":"éxy"}', '{"a":"xxxxx"}']) {
    expect(() => store.put(text)).toThrow("The MMDS patch request doesn't fit.");
    expect(() => store.patch(text)).toThrow("The MMDS patch request doesn't fit.");
  }
  expect(store.text).toBe('{"a":"éx"}');
});

test("what is no JSON changes nothing", () => {
  const store = new MmdsStore(100, '{"a":1}');
  for (const text of ["", "{", "{'a':1}", '{"a":1,}', "\u0000"]) expect(() => store.put(text)).toThrow(SyntaxError);
  expect(() => store.patch("{")).toThrow(SyntaxError);
  expect(store.text).toBe('{"a":1}');
});
