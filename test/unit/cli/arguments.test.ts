import { describe, expect, test } from "bun:test";
import type { ArgsDef } from "citty";
import fc from "fast-check";
import { strictArguments } from "../../../src/cli/arguments.ts";
import { ConfigError } from "../../../src/config/error.ts";

const DEFINITION = {
  name: { type: "string", valueHint: "NAME" },
  size: { type: "string" },
  quick: { type: "boolean", alias: "q" },
  safe: { type: "boolean", default: true },
  mode: { type: "enum", options: ["a", "b"] },
  more: { type: "string", repeatable: true },
  text: { type: "string", mayBeEmpty: true },
  file: { type: "positional" },
} satisfies ArgsDef & Record<string, { repeatable?: boolean; mayBeEmpty?: boolean }>;

const strict = (...argv: string[]) => strictArguments(argv, DEFINITION).argv;

describe("arguments that are right", () => {
  test.each([
    [["--name", "x"], ["--name=x"]],
    [["--name=x=y"], ["--name=x=y"]],
    [["--name", "-1"], ["--name=-1"]],
    [["--name", "-"], ["--name=-"]],
    [["--name=--size"], ["--name=--size"]],
    [["--name", " "], ["--name= "]],
    [["-q"], ["--quick"]],
    [["--no-safe"], ["--no-safe"]],
    [["--safe"], ["--safe"]],
    [
      ["--mode", "b", "file"],
      ["--mode=b", "file"],
    ],
    [
      ["-", "-q"],
      ["-", "--quick"],
    ],
    [["--text", ""], ["--text="]],
    [["--text="], ["--text="]],
    [[], []],
  ])("%j become %j", (argv, expected) => {
    expect(strict(...argv)).toEqual(expected);
  });
});

test("a flag that may be repeated keeps every value, in their order", () => {
  const { argv, lists } = strictArguments(["--more", "b", "-q", "--more=a"], DEFINITION);
  expect(argv).toEqual(["--quick"]);
  expect(lists).toEqual({ more: ["b", "a"] });
});

describe("arguments that are wrong", () => {
  test.each([
    [["--nome", "x"], "--nome: no such flag: did you mean --name?"],
    [["--qiuck"], "--qiuck: no such flag: did you mean --quick?"],
    [["--Name"], "--Name: no such flag: did you mean --name?"],
    [["--no-quick"], "--no-quick: no such flag: see --help"],
    [["--x"], "--x: no such flag: see --help"],
    [["-x"], "-x: no such flag: see --help"],
    [["-qq"], "-qq: no such flag: see --help"],
    [["--__proto__"], "--__proto__: no such flag: see --help"],
    [["--="], "--: no such flag: see --help"],
    [["--name"], "--name: needs a value: --name NAME"],
    [["--size", ""], "--size: needs a value: --size VALUE"],
    [["--size", "--name", "x"], "--size: needs a value: --size VALUE"],
    [["--size", "-q"], "--size: needs a value: --size VALUE"],
    [["--safe", "--no-safe"], "--no-safe: given twice: once is enough"],
    [["-q", "--quick"], "--quick: given twice: once is enough"],
    [["--quick="], "--quick: takes no value"],
    [["--no-safe=1"], "--no-safe: takes no value"],
    [["--mode=c"], '--mode: "c" is not one of a, b'],
    [["one", "two"], 'two: "two" is not expected here: a command for the guest goes after `--`'],
  ])("%j: %s", (argv, message) => {
    expect(() => strict(...argv)).toThrow(new Error(message));
  });
});

test("whatever is typed ends in arguments for known flags, or in one error of ours", () => {
  const word = fc.oneof(fc.constantFrom("--name", "--size=1", "-q", "--mode", "a", "--no-safe", "x"), fc.string());
  fc.assert(
    fc.property(fc.array(word), (argv) => {
      try {
        for (const argument of strict(...argv)) {
          const isKnown = /^--(name=.|size=.|mode=[ab]$|quick$|safe$|no-safe$)/s.test(argument);
          expect(isKnown || argument === "-" || !argument.startsWith("-")).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
  );
});
