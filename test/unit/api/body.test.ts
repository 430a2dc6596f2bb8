import { expect, test } from "bun:test";
import * as v from "valibot";
import { parseBody } from "../../../src/api/body.ts";
import { oneOf, path, whole } from "../../../src/config/fields.ts";

const schema = v.strictObject({
  vcpu_count: whole(1, 32),
  version: v.optional(oneOf("V1", "V2")),
  inner: v.optional(v.strictObject({ size: v.number(), unit: v.optional(v.string()) })),
  level: v.optional(oneOf("A", "B", "C")),
  kernel: v.optional(path),
  list: v.optional(v.array(v.strictObject({ on: v.boolean() }))),
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

const COUNT = "a whole number from 1 to 32 for `vcpu_count`";

test.each([
  ["a field that is missing", '{"version": "V1"}', "missing field `vcpu_count` at line 1 column 17."],
  ["one further in", '{"vcpu_count": 1, "inner": {}}', "missing field `size` at line 1 column 29."],
  [
    "a field that there is not",
    '{"vcpu_count": 1, "nope": 1}',
    "unknown field `nope`, expected one of `vcpu_count`, `version`, `inner`, `level`, `kernel`, `list` at line 1 column 24.",
  ],
  [
    "one further in, of two",
    '{"vcpu_count": 1, "inner": {"size": 1, "nope": 1}}',
    "unknown field `nope`, expected `size` or `unit` at line 1 column 45.",
  ],
  [
    "one where another is missing",
    '{"vcpus": 1, "inner": {"size": 1}}',
    "unknown field `vcpus`, expected one of `vcpu_count`, `version`, `inner`, `level`, `kernel`, `list` at line 1 column 8.",
  ],
  [
    "one in a list, of one",
    '{"vcpu_count": 1, "list": [{"on": true, "off": true}]}',
    "unknown field `off`, expected `on` at line 1 column 45.",
  ],
  [
    "a word of two that there is not",
    '{"vcpu_count": 1, "version": "foo"}',
    "unknown variant `foo`, expected `V1` or `V2` at line 1 column 34.",
  ],
  [
    "a word of more",
    '{"vcpu_count": 1, "level": "foo"}',
    "unknown variant `foo`, expected one of `A`, `B`, `C` at line 1 column 32.",
  ],
  [
    "no word at all",
    '{"vcpu_count": 1, "version": 1}',
    "invalid type: integer `1`, expected `V1` or `V2` for `version` at line 1 column 30.",
  ],
  ["a wrong type", '{"vcpu_count": "1"}', `invalid type: string "1", expected ${COUNT} at line 1 column 18.`],
  [
    "half a number",
    '{\n"vcpu_count": 1.5}',
    `invalid type: floating point \`1.5\`, expected ${COUNT} at line 2 column 17.`,
  ],
  [
    "2^64",
    '{"vcpu_count": 18446744073709551616}',
    `invalid type: floating point \`18446744073709552000.0\`, expected ${COUNT} at line 1 column 35.`,
  ],
  [
    "a number out of range",
    '{"vcpu_count": 33}',
    `invalid value: integer \`33\`, expected ${COUNT} at line 1 column 17.`,
  ],
  [
    "null for what must be",
    '{"vcpu_count": null}',
    "invalid type: null, expected a value for `vcpu_count` at line 1 column 19.",
  ],
  [
    "a path of nothing",
    '{"vcpu_count": 1, "kernel": ""}',
    "invalid value for `kernel`: must not be empty at line 1 column 30.",
  ],
  [
    "a wrong type in a list",
    '{"vcpu_count": 1, "list": [{"on": true}, {"on": [1]}]}',
    "invalid type: sequence, expected a boolean for `on` at line 1 column 48.",
  ],
  ["a list", "[]", "invalid type: sequence, expected struct at line 1 column 0."],
  ["a text", '"x"', 'invalid type: string "x", expected struct at line 1 column 3.'],
  ["nothing", "null", "invalid type: null, expected struct at line 1 column 4."],
  ["no JSON", "{", "JSON"],
  ["an object's own secret", '{"vcpu_count": 1, "__proto__": {"version": "V1"}}', "unknown field `__proto__`"],
  ["brackets without end", "[".repeat(20_000), "recursion limit exceeded."],
  ["many brackets in a field", `{"inner": ${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}`, "recursion limit exceeded."],
])("%s is refused", (_, body, expected) => {
  expect(refusal(body)).not.toBe("none");
  expect(refusal(body)).toContain(expected);
});
