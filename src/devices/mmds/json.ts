/**
 * JSON as metadata has it: what goes in comes out. Numbers stay as they were written (JavaScript's would round those above
 * 2^53), null is a value, and no key means anything to the host. Objects come out with sorted keys, as Firecracker's do.
 */

/** A number, as it was written. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json = null | boolean | string | NumberText | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Firecracker's bound. Within it, functions that call themselves for each level are safe. */
const MOST_DEPTH = 127;

/** @throws SyntaxError for what is no JSON, or nested too deeply */
export function parseMetadata(text: string): Json {
  if (depthOf(text) > MOST_DEPTH) throw new SyntaxError("recursion limit exceeded");
  return JSON.parse(text, numberAsText as (key: string, value: unknown) => unknown);
}

export function metadataText(value: Json): string {
  if (value instanceof NumberText) return value.text;
  if (isList(value)) return `[${value.map(metadataText).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = keysOf(value).map((key) => `${JSON.stringify(key)}:${metadataText(value[key]!)}`);
  return `{${fields.join(",")}}`;
}

/** JSON merge patch (RFC 7396). */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key) ?? null, value));
  }
  // It defines what it is given, a key called __proto__ as well: an assignment would not.
  return Object.fromEntries(merged);
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
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function memberOf(value: Json, token: string): Json | undefined {
  if (isList(value)) return /^(0|[1-9]\d*)$/.test(token) ? value[Number(token)] : undefined;
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

function numberAsText(_: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === "number" ? new NumberText(source) : value;
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
