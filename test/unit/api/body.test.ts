import { expect, test } from "bun:test";
import * as v from "valibot";
import { parseBody } from "../../../src/api/body.ts";
import { oneOf, whole } from "../../../src/config/fields.ts";

const schema = v.strictObject({
  vcpu_count: whole(1, 32),
  version: v.optional(oneOf("V1", "V2")),
  inner: v.optional(v.strictObject({ size: v.number() })),
});

function refusal(body: string): string {
  try {
    parseBody(schema, body);
    return "none";
  } catch (error) {
    return (error as Error).message.replace("An error occurred when deserializing the json body of a request: ", "");
  }
}

test("a body is what the schema makes of it, and null is as good as nothing", () => {
  expect(parseBody(schema, '{"vcpu_count": 2, "version": null}')).toEqual({ vcpu_count: 2 });
});

test.each([
  ["a field that is missing", '{"version": "V1"}', "missing field `vcpu_count` at line 1 column 17."],
  ["one further in", '{"vcpu_count": 1, "inner": {}}', "missing field `size`."],
  ["a field that there is not", '{"vcpu_count": 1, "nope": 1}', "unknown field `nope` at line 1 column 24."],
  ["a word that there is not", '{"vcpu_count": 1, "version": "foo"}', "unknown variant `foo`"],
  ["a wrong type", '{"vcpu_count": "1"}', 'invalid type: string "1", expected number.'],
  ["a number out of range", '{"vcpu_count": 33}', "must be a whole number from 1 to 32"],
  ["a list", "[]", "invalid type: sequence"],
  ["a text", '"x"', 'invalid type: string "x"'],
  ["nothing", "null", "invalid type"],
  ["no JSON", "{", "JSON"],
  ["an object's own secret", '{"vcpu_count": 1, "__proto__": {"version": "V1"}}', "unknown field `__proto__`"],
  ["brackets without end", "[".repeat(50_000), ""],
])("%s is refused", (_, body, expected) => {
  expect(refusal(body)).not.toBe("none");
  expect(refusal(body)).toContain(expected);
});
