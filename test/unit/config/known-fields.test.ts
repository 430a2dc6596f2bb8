import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { fieldsBeside, issueToTell, suggestion } from "../../../src/config/known-fields.ts";

const inner = v.strictObject({ size: v.number(), unit: v.optional(v.string()) });
const schema = v.pipe(
  v.strictObject({
    plain: v.optional(inner),
    list: v.optional(v.pipe(v.array(v.optional(inner)), v.maxLength(9)), []),
    either: v.optional(v.lazy((input) => (typeof input === "string" ? v.string() : inner))),
  }),
  v.check(() => true),
);

function beside(input: object): readonly string[] {
  const { issues } = v.safeParse(schema, input);
  return fieldsBeside(schema, issueToTell(issues!).path ?? []);
}

describe("the fields that an unknown one stands beside", () => {
  test.each<[string, object, string[]]>([
    ["at the top", { nope: 1 }, ["plain", "list", "either"]],
    ["of an object that may be left out", { plain: { size: 1, nope: 1 } }, ["size", "unit"]],
    ["of an object in a list", { list: [{ size: 1 }, { size: 1, nope: 1 }] }, ["size", "unit"]],
    ["of one whose schema depends on what it is", { either: { size: 1, nope: 1 } }, ["size", "unit"]],
    ["where another one is missing, which may be it, misspelt", { plain: { sise: 1 } }, ["size", "unit"]],
    ["by a name that every object has", { plain: { size: 1, constructor: 1 } }, ["size", "unit"]],
  ])("%s", (_, input, expected) => {
    expect(beside(input)).toEqual(expected);
  });
});

describe("what is told first", () => {
  const told = (input: object) => {
    const { issues } = v.safeParse(schema, input);
    return v.getDotPath(issueToTell(issues!));
  };

  test("is an unknown field before one that is missing beside it", () => {
    expect(told({ plain: { sise: 1 } })).toBe("plain.sise");
  });

  test("is what comes first, otherwise", () => {
    expect(told({ plain: { size: "1", nope: 1 } })).toBe("plain.size");
    expect(told({ plain: {}, either: { size: 1, nope: 1 } })).toBe("plain.size");
    expect(told({ plain: {}, nope: 1 })).toBe("plain.size");
  });
});

describe("what is said of an unknown field:", () => {
  const known = ["vcpu_count", "mem_size_mib", "ops"];

  test.each([
    ["vcpu_cuont", "did you mean vcpu_count?"],
    ["vcpu-count", "did you mean vcpu_count?"],
    ["mem_size_mb", "did you mean mem_size_mib?"],
    ["vcpus", "there are vcpu_count, mem_size_mib, ops"],
    // Short words are close to each other by chance.
    ["ips", "there are vcpu_count, mem_size_mib, ops"],
    ["", "there are vcpu_count, mem_size_mib, ops"],
    ["x".repeat(100_000), "there are vcpu_count, mem_size_mib, ops"],
  ])("%j", (field, expected) => {
    expect(suggestion(field, known)).toBe(expected);
  });
});
