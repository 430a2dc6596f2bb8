/** Bodies of requests: JSON, checked by a schema, with errors in the words of Firecracker's JSON library. */
import * as v from "valibot";
import { fieldsBeside, issueToTell, isUnknown } from "../config/known-fields.ts";
import { printable } from "../config/printable.ts";
import { checkDepth } from "../devices/mmds/json.ts";
import { placeOf } from "./json-place.ts";
import { Fault } from "./router.ts";

const PREFIX = "An error occurred when deserializing the json body of a request:";
const MOST_REPEATED = 80;
/** How a check of ours begins. */
const MUST_BE = "must be ";
/** Schemas that look at nothing but a value's type, and what the library calls that. */
const KINDS: Readonly<Record<string, string>> = {
  ...{ number: "number", string: "a string", boolean: "a boolean", array: "a sequence" },
  ...{ object: "struct", strict_object: "struct", record: "a map" },
};
const TYPES = Object.keys(KINDS);

/** Null for a field is as good as none. @throws Fault */
export function parseBody<S extends v.GenericSchema>(schema: S, body: string): v.InferOutput<S> {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(`invalid type: ${kindOf(value)}, expected struct${atValue(body, [])}`);
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw wrong(describe(issueToTell(result.issues), body, schema));
}

/** @throws Fault for what is no JSON */
export function parseJson(body: string): unknown {
  return parsing(() => {
    // JSON.parse with a function has an error of its own for deep nesting, which is no SyntaxError.
    checkDepth(body);
    return JSON.parse(body, (_, value) => (value === null ? undefined : value));
  });
}

/** Does what throws a SyntaxError for what is no JSON. @throws Fault in place of that */
export function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong(excerpt(error.message));
    throw error;
  }
}

function wrong(text: string): Fault {
  return new Fault(`${PREFIX} ${text}.`);
}

function describe(issue: v.BaseIssue<unknown>, body: string, schema: v.GenericSchema): string {
  const keys = (issue.path ?? []).map(({ key }) => key);
  const key = excerpt(String(keys.at(-1) ?? ""));
  const { type, input, message } = issue;
  if (isUnknown(issue)) {
    const known = alternatives(fieldsBeside(schema, issue.path ?? []));
    return `unknown field \`${key}\`, expected ${known}${at(body, afterKey(body, String(keys.at(-1))))}`;
  }
  const where = ` for \`${key}\`${atValue(body, keys)}`;
  if (issue.received === "undefined") {
    // Null is as good as nothing where nothing will do: here it does not.
    if (placeOf(body, keys)) return `invalid type: null, expected a value${where}`;
    const parent = placeOf(body, keys.slice(0, -1));
    return `missing field \`${key}\`${at(body, parent?.end ?? body.length)}`;
  }
  if (type === "picklist") {
    const expected = alternatives(words(issue.expected ?? ""));
    if (typeof input !== "string") return `invalid type: ${kindOf(input)}, expected ${expected}${where}`;
    return `unknown variant \`${excerpt(input)}\`, expected ${expected}${atValue(body, keys)}`;
  }
  if (isFloat(input) || TYPES.includes(type)) {
    return `invalid type: ${kindOf(input)}, expected ${wanted(issue)}${where}`;
  }
  if (typeof input === "number") return `invalid value: ${kindOf(input)}, expected ${wanted(issue)}${where}`;
  // The one check of which what it found is a length.
  const found = type === "non_empty" ? "" : `, found ${excerpt(issue.received)}`;
  return `invalid value for \`${key}\`: ${message}${found}${atValue(body, keys)}`;
}

/** What our own message says of the value, where it is one; the kind of value otherwise. */
function wanted({ message, expected, type }: v.BaseIssue<unknown>): string {
  return message.startsWith(MUST_BE) ? message.slice(MUST_BE.length) : (KINDS[type] ?? expected ?? type);
}

/** @param expected as valibot has it: `("A" | "B")` */
function words(expected: string): string[] {
  return [...expected.matchAll(/"([^"]*)"/g)].map(([, word]) => word!);
}

function alternatives(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``);
  return quoted.length <= 2 ? quoted.join(" or ") : `one of ${quoted.join(", ")}`;
}

/** Where the library has read a value: it looks at no more than the bracket of a list or an object. */
function atValue(body: string, keys: readonly unknown[]): string {
  const place = placeOf(body, keys);
  if (!place) return "";
  return at(body, "[{".includes(body[place.start] ?? "") ? place.start : place.end);
}

/** Where the library has stopped reading: lines and columns from 1. */
function at(body: string, end: number): string {
  const lines = body.slice(0, end).split("\n");
  return ` at line ${lines.length} column ${Buffer.byteLength(lines.at(-1)!)}`;
}

function afterKey(body: string, key: string): number {
  const quoted = JSON.stringify(key);
  return body.indexOf(quoted) + quoted.length;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return `string "${excerpt(value)}"`;
  if (typeof value === "boolean") return `boolean \`${value}\``;
  if (isFloat(value)) return `floating point \`${/[.e]/.test(`${value}`) ? value : `${value}.0`}\``;
  if (typeof value === "number") return `integer \`${value}\``;
  return Array.isArray(value) ? "sequence" : "map";
}

/** As the library reads numbers: what no 64 bits hold is none of its integers. */
function isFloat(value: unknown): boolean {
  return typeof value === "number" && (!Number.isInteger(value) || value >= 2 ** 64 || value < -(2 ** 63));
}

function excerpt(text: string): string {
  return printable(text.length <= MOST_REPEATED ? text : `${text.slice(0, MOST_REPEATED)}...`);
}
