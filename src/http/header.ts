/** A header line of an HTTP/1.x request. */
import { HttpError } from "./error.ts";

const MOST_LENGTH = 2 ** 32 - 1;

export interface Header {
  /** In lower case: names are alike in any. */
  readonly name: string;
  readonly value: string;
}

/** @throws HttpError for a line without a colon */
export function parseHeader(line: string): Header {
  const colon = line.indexOf(":");
  if (colon < 0) throw new HttpError(`Invalid header. Reason: Header is incorrectly formatted: ${harmless(line)}`);
  return { name: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1).trim() };
}

/** A `Content-Length`, in bytes. @throws HttpError */
export function parseLength(value: string): number {
  const length = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (length <= MOST_LENGTH) return length;
  throw new HttpError(`Invalid header. Reason: Invalid value. Key:Content-Length; Value:${harmless(value)}`);
}

/** Text of a client's that comes back inside a JSON string: nothing in it may end that. */
export function harmless(text: string): string {
  return text.replaceAll(/["\\\p{Cc}]/gu, "?");
}
