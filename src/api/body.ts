/** Bodies of requests: JSON, checked by a schema, with errors in the words of Firecracker's JSON library. */
import * as v from "valibot";
import { printable } from "../config/printable.ts";
import { Fault } from "./router.ts";

const PREFIX = "An error occurred when deserializing the json body of a request:";
const MOST_REPEATED = 80;

/** Null for a field is as good as none. @throws Fault */
export function parseBody<S extends v.GenericSchema>(schema: S, body: string): v.InferOutput<S> {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(`invalid type: ${kindOf(value)}, expected struct at line 1 column 0`);
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw wrong(describe(result.issues[0], body));
}

/** @throws Fault for what is no JSON */
export function parseJson(body: string): unknown {
  return parsing(() => JSON.parse(body, (_, value) => (value === null ? undefined : value)));
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

function describe(issue: v.BaseIssue<unknown>, body: string): string {
  const key = String(issue.path?.at(-1)?.key ?? "");
  if (issue.type === "strict_object" && issue.expected === "never") {
    return `unknown field \`${excerpt(key)}\`${at(body, afterKey(body, key))}`;
  }
  if (issue.received === "undefined") {
    const isTop = (issue.path?.length ?? 0) <= 1;
    return `missing field \`${key}\`${isTop ? at(body, body.trimEnd().length) : ""}`;
  }
  if (issue.type === "picklist") return `unknown variant \`${excerpt(String(issue.input))}\`, ${issue.message}`;
  const isKind = ["number", "string", "boolean", "array", "object", "strict_object"].includes(issue.type);
  if (isKind) return `invalid type: ${kindOf(issue.input)}, expected ${issue.type}`;
  return `invalid value for \`${key}\`: ${issue.message}, found ${excerpt(issue.received)}`;
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
  if (typeof value === "string") return `string "${excerpt(value)}"`;
  if (typeof value === "boolean") return `boolean \`${value}\``;
  if (typeof value === "number")
    return Number.isInteger(value) ? `integer \`${value}\`` : `floating point \`${value}\``;
  return Array.isArray(value) ? "sequence" : "map";
}

function excerpt(text: string): string {
  return printable(text.length <= MOST_REPEATED ? text : `${text.slice(0, MOST_REPEATED)}...`);
}
