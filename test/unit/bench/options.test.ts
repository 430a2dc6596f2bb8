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

  test.each([
    [["nonsense"], "nonsense: no such table"],
    [["--runs", "0"], "--runs 0: give a whole number"],
    [["--peer", "bochs=/x"], "--peer bochs=/x: give NAME=PATH, NAME one of volt, qemu"],
    [["--peer", "qemu"], "--peer qemu: give NAME=PATH"],
  ])("refuses %p", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
