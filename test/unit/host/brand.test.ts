import { expect, test } from "bun:test";
import { brandOf, hostBrand } from "../../../src/host/brand.ts";

test("the host's name for its processor is the model name of the first", () => {
  const cpuinfo =
    "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) Silver 4210R CPU @ 2.40GHz\nstepping\t: 7\n";
  expect(brandOf(cpuinfo)).toBe("Intel(R) Xeon(R) Silver 4210R CPU @ 2.40GHz");
  expect(brandOf("processor\t: 0\n")).toBe("");
});

test("this host has one", () => {
  expect(hostBrand()).not.toBe("");
});
