import { expect, test } from "bun:test";
import fc from "fast-check";
import { ConfigError } from "../../../src/config/error.ts";
import { parseMib } from "../../../src/config/size.ts";

test.each([
  ["0", 0],
  ["128", 128],
  ["128M", 128],
  ["128MB", 128],
  ["128MiB", 128],
  ["1g", 1024],
  ["1.5G", 1536],
  ["0.5T", 524_288],
  ["1024K", 1],
  [" 64M ", 64],
])("%j is %i MiB", (text, mib) => {
  expect(parseMib(text, "--memory")).toBe(mib);
});

test.each([
  "",
  " ",
  "M",
  "-1",
  "+1",
  "1K",
  "0.1",
  "1P",
  "1e3",
  "0x10",
  "1 G",
  "1,5G",
  "1.G",
  ".5G",
  "1GiBs",
  "½G",
  "NaN",
])("%j is refused by the flag's name", (text) => {
  expect(() => parseMib(text, "--memory")).toThrow(
    new ConfigError("", "--memory", `"${text}" is no size in whole MiB: write 128M, 1G, or a number of MiB`),
  );
});

test("every whole number of GiB is its number of MiB, with and without a unit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 30 }), (gib) => {
      expect(parseMib(`${gib}G`, "--memory")).toBe(gib * 1024);
      expect(parseMib(`${gib * 1024}`, "--memory")).toBe(gib * 1024);
    }),
  );
});

test("any text is a whole number or an error, never anything else", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(parseMib(text, "--memory")).toSatisfy((mib) => Number.isInteger(mib) && mib >= 0);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
  );
});
