/**
 * JSON as metadata has it: what goes in comes out. Numbers stay as they were written (JavaScript's would round those above
 * 2^53), null is a value, and no name means anything to the host. Objects have their names sorted, as Firecracker's do (but for
 * whole numbers among them, which JavaScript puts first).
 */

/** A number, as it was written: JSON.stringify writes it so. */
export interface RawNumber {
  readonly rawJSON: string;
}
export type Json = null | boolean | string | RawNumber | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Of JavaScript (JSON.parse source text access, stage 4), and not yet of TypeScript. */
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** Firecracker's bound. Within it, functions that call themselves for each level are safe. */
const MOST_DEPTH = 127;

/** @throws SyntaxError for what is no JSON, or nested too deeply */
export function parseMetadata(text: string): Json {
  checkDepth(text);
  return JSON.parse(text, exactly as (key: string, value: unknown) => unknown);
}

/** @throws SyntaxError for brackets nested too deeply */
export function checkDepth(text: string): void {
  if (depthOf(text) > MOST_DEPTH) throw new SyntaxError("recursion limit exceeded");
}

export function metadataText(value: Json): string {
  return JSON.stringify(value);
}

/** JSON merge patch (RFC 7396). */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key) ?? null, value));
  }
  return sorted([...merged]);
}

/** JSON pointer (RFC 6901). @returns undefined where it leads nowhere */
export function valueAt(root: Json, pointer: string): Json | undefined {
  if (pointer === "") return root;
  if (!pointer.startsWith("/")) return undefined;
  let value: Json | undefined = root;
  for (const token of pointer.slice(1).split("/")) {
    if (value === undefined) return undefined;
    value = memberOf(value, token.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  return value;
}

/** An object's keys, in the order they are shown. */
export function keysOf(value: JsonObject): string[] {
  return Object.keys(value).sort();
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawJSON(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function memberOf(value: Json, token: string): Json | undefined {
  if (isList(value)) return /^(0|[1-9]\d*)$/.test(token) ? value[Number(token)] : undefined;
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

function exactly(_: string, value: unknown, { source }: { readonly source: string }): unknown {
  if (typeof value === "number") return rawJSON(source);
  return isObject(value as Json) ? sorted(Object.entries(value as JsonObject)) : value;
}

function sorted(fields: [name: string, value: Json][]): JsonObject {
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  // It defines what it is given, __proto__ as well: an assignment would not.
  return Object.fromEntries(fields);
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}');

/** How deep brackets are nested; of a text that is no JSON, anything. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (isInString && character === BACKSLASH) i++;
    else if (character === QUOTE) isInString = !isInString;
    else if (isInString) continue;
    else if (character === OPEN_LIST || character === OPEN_OBJECT) deepest = Math.max(deepest, ++depth);
    else if (character === CLOSE_LIST || character === CLOSE_OBJECT) depth--;
  }
  return deepest;
}
