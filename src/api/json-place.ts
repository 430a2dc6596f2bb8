/** Where in a document a value stands: for messages, which say it as Firecracker's JSON library does. */

export interface Place {
  readonly start: number;
  readonly end: number;
}

/** A string, a bracket or a mark, or a number or word. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/y;
const BLANKS = /\s*/y;

/**
 * Of a name that is there twice the last counts, as for JSON.parse.
 * @param text good JSON
 * @param keys names and numbers of elements, from the outermost in
 * @returns undefined where they lead nowhere
 */
export function placeOf(text: string, keys: readonly unknown[]): Place | undefined {
  return keys.reduce<Place | undefined>((place, key) => place && member(text, place, key), {
    start: skipBlanks(text, 0),
    end: text.trimEnd().length,
  });
}

/** Looks at one level alone: a value is skipped by counting its brackets, so depth costs no stack. */
function member(text: string, { start, end }: Place, key: unknown): Place | undefined {
  const opening = text[start];
  if (opening !== "{" && opening !== "[") return undefined;
  let found: Place | undefined;
  let name: unknown = 0;
  let at = skipBlanks(text, start + 1);
  while (at < end - 1) {
    if (opening === "{") {
      const colon = tokenEnd(text, at);
      name = JSON.parse(text.slice(at, colon));
      at = skipBlanks(text, skipBlanks(text, colon) + 1);
    }
    const place = { start: at, end: valueEnd(text, at) };
    if (name === key) found = place;
    if (opening === "[") name = (name as number) + 1;
    // Behind the comma, or the closing bracket.
    at = skipBlanks(text, skipBlanks(text, place.end) + 1);
  }
  return found;
}

function valueEnd(text: string, start: number): number {
  let at = start;
  let depth = 0;
  do {
    at = skipBlanks(text, at);
    if (text[at] === "{" || text[at] === "[") depth++;
    if (text[at] === "}" || text[at] === "]") depth--;
    at = tokenEnd(text, at);
  } while (depth > 0);
  return at;
}

function tokenEnd(text: string, at: number): number {
  TOKEN.lastIndex = at;
  return TOKEN.test(text) ? TOKEN.lastIndex : text.length;
}

function skipBlanks(text: string, at: number): number {
  BLANKS.lastIndex = at;
  BLANKS.test(text);
  return BLANKS.lastIndex;
}
