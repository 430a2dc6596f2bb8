import { describe, expect, test } from "bun:test";
import { parseOptions } from "../../../bench/options.ts";
import { TABLES } from "../../../bench/tables/registry.ts";

describe("bun bench", () => {
  test("runs every table unless told which", () => {
    expect(parseOptions([])).toMatchObject({
      tables: TABLES.map(({ name }) => name),
      quick: false,
      runs: 20,
      peers: [],
    });
    expect(parseOptions(["start", "--quick"])).toMatchObject({ tables: ["start"], quick: true, runs: 10 });
  });

  test("takes a peer's path, equals signs and all", () => {
    expect(parseOptions(["--peer", "qemu=/a=b"])?.peers).toEqual([["qemu", "/a=b"]]);
  });

  test("takes another build of volt", () => {
    expect(parseOptions(["--peer", "volt@before=/a"])?.peers).toEqual([["volt@before", "/a"]]);
  });

  test("soaks for as long and in the order it is told, and with a seed of its own otherwise", () => {
    const told = parseOptions(["soak", "--minutes", "3", "--seed", "7"]);
    expect(told).toMatchObject({ tables: [], soak: { minutes: 3, seed: 7 } });
    const own = parseOptions(["soak"])?.soak;
    expect(own?.minutes).toBe(20);
    expect(Number.isInteger(own?.seed)).toBe(true);
    expect(parseOptions(["start"])?.soak).toBeUndefined();
  });

  test.each([
    [["nonsense"], "nonsense: no such table"],
    [["--runs", "0"], "--runs 0: give a whole number"],
    [["--peer", "bochs=/x"], "--peer bochs=/x: give NAME=PATH, NAME one of volt, qemu"],
    [["--peer", "qemu"], "--peer qemu: give NAME=PATH"],
    [["soak", "start"], "soak is no table: give it alone"],
    [["soak", "--minutes", "0"], "--minutes 0: give a whole number from 1 to 9999"],
    [["soak", "--seed", "4294967296"], "--seed 4294967296: give a whole number from 0 to 4294967295"],
    [["start", "--seed", "1"], "--minutes and --seed are soak's"],
  ])("refuses %p", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
