/** What to say of a field that there is not: which there are. */
import type * as v from "valibot";
import { nearest } from "./nearest.ts";

/** What schemas of objects, lists, and those around another have: only one of these. */
interface Parts {
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
  readonly getter?: (input: unknown) => v.GenericSchema;
}

/** More letters are no slip. */
const MOST_LETTERS = 2;

/** Whether it is about a field that there is not. */
export function isUnknown({ type, expected }: v.BaseIssue<unknown>): boolean {
  return type === "strict_object" && expected === "never";
}

/** The first one; if that is about a missing field, the unknown one beside it, which may be the same, misspelt. */
export function issueToTell<I extends v.BaseIssue<unknown>>(issues: readonly [I, ...I[]]): I {
  const [first] = issues;
  if (first.type !== "strict_object" || first.received !== "undefined") return first;
  const isBeside = ({ path }: I) => path?.at(-1)?.input === first.path?.at(-1)?.input;
  return issues.find((other) => isUnknown(other) && isBeside(other)) ?? first;
}

/** @param path an issue's, of a field @returns the fields that the schema has in its place, in their order */
export function fieldsBeside(schema: v.GenericSchema, path: readonly v.IssuePathItem[]): readonly string[] {
  let at: v.GenericSchema | undefined = schema;
  let fields: Parts["entries"] = {};
  for (const { input, key } of path) {
    const { entries, item }: Parts = at ? bare(at, input) : {};
    fields = entries ?? {};
    at = Object.hasOwn(fields, key as PropertyKey) ? fields[String(key)] : item;
  }
  return Object.keys(fields);
}

/** Without what is around it: that it may be left out, or that it depends on the value. */
function bare(schema: v.GenericSchema, input: unknown): Parts {
  const parts: Parts = schema as Parts;
  const within = parts.wrapped ?? parts.getter?.(input);
  return within ? bare(within, input) : parts;
}

/** The one of the known fields that may be meant; all of them where none is near. */
export function suggestion(field: string, known: readonly string[]): string {
  // Short words are close to each other by chance.
  const most = Math.min(MOST_LETTERS, Math.floor(field.length / 2) - 1);
  const near = nearest(
    field,
    known.filter(({ length }) => Math.abs(length - field.length) <= most),
  );
  return near && near.distance <= most ? `did you mean ${near.word}?` : `there are ${known.join(", ")}`;
}
