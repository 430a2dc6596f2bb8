/** The headers that mean something to the server; all others are taken and forgotten. */
import { HttpError } from "./error.ts";

export interface Headers {
  /** Bytes of the body. */
  readonly contentLength: number;
  readonly expectsContinue: boolean;
}

export const NO_HEADERS: Headers = { contentLength: 0, expectsContinue: false };

const MOST_LENGTH = 2 ** 32 - 1;

/** The headers so far with one more line. @throws HttpError */
export function declaredHeaders(headers: Headers, line: string): Headers {
  const colon = line.indexOf(":");
  if (colon < 0) throw new HttpError(`Invalid header. Reason: Header is incorrectly formatted: ${safe(line)}`);
  const name = line.slice(0, colon).trim().toLowerCase();
  const value = line.slice(colon + 1).trim();
  switch (name) {
    case "content-length":
      return { ...headers, contentLength: lengthOf(value) };
    case "expect":
      if (value.toLowerCase() === "100-continue") return { ...headers, expectsContinue: true };
      throw new HttpError(`Invalid header. Reason: Unsupported value. Key:Expect; Value:${safe(value)}`);
    case "accept-encoding":
      if (refusesIdentity(value)) {
        throw new HttpError(`Invalid header. Reason: Invalid value. Key:Accept-Encoding; Value:${safe(value)}`);
      }
      return headers;
    default:
      return headers;
  }
}

function lengthOf(value: string): number {
  const length = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (length <= MOST_LENGTH) return length;
  throw new HttpError(`Invalid header. Reason: Invalid value. Key:Content-Length; Value:${safe(value)}`);
}

/** RFC 9110, 12.5.3: the body as it is, which is all there is here, is unwanted. */
function refusesIdentity(value: string): boolean {
  const codings = value.split(",").map((coding) => coding.trim().toLowerCase().replaceAll(" ", ""));
  if (codings.some((coding) => /^identity;q=0(\.0*)?$/.test(coding))) return true;
  return codings.some((coding) => /^\*;q=0(\.0*)?$/.test(coding)) && !codings.some((c) => c.startsWith("identity"));
}

/** The text comes back inside a JSON string: nothing in it may end that. */
function safe(text: string): string {
  return text.replaceAll(/["\\\p{Cc}]/gu, "?");
}
