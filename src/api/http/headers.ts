/** The headers that mean something to the server; all others are taken and forgotten. */
import { HttpError } from "../../http/error.ts";
import { harmless, parseHeader, parseLength } from "../../http/header.ts";

export interface Headers {
  /** Bytes of the body. */
  readonly contentLength: number;
  readonly expectsContinue: boolean;
}

export const NO_HEADERS: Headers = { contentLength: 0, expectsContinue: false };

/** The headers so far with one more line. @throws HttpError */
export function declaredHeaders(headers: Headers, line: string): Headers {
  const { name, value } = parseHeader(line);
  switch (name) {
    case "content-length":
      return { ...headers, contentLength: parseLength(value) };
    case "expect":
      if (value.toLowerCase() === "100-continue") return { ...headers, expectsContinue: true };
      throw new HttpError(`Invalid header. Reason: Unsupported value. Key:Expect; Value:${harmless(value)}`);
    case "accept-encoding":
      if (refusesIdentity(value)) {
        throw new HttpError(`Invalid header. Reason: Invalid value. Key:Accept-Encoding; Value:${harmless(value)}`);
      }
      return headers;
    default:
      return headers;
  }
}

/** RFC 9110, 12.5.3: the body as it is, which is all there is here, is unwanted. */
function refusesIdentity(value: string): boolean {
  const codings = value.split(",").map((coding) => coding.trim().toLowerCase().replaceAll(" ", ""));
  if (codings.some((coding) => /^identity;q=0(\.0*)?$/.test(coding))) return true;
  return codings.some((coding) => /^\*;q=0(\.0*)?$/.test(coding)) && !codings.some((c) => c.startsWith("identity"));
}
