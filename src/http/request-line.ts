/** The first line of an HTTP/1.x request, by the rules and with the error texts of Firecracker's server. */
import { HttpError } from "./error.ts";

export const METHODS = ["GET", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof METHODS)[number];
export type Version = "HTTP/1.0" | "HTTP/1.1";

export interface RequestLine {
  readonly method: Method;
  /** As it was sent, without scheme and host. */
  readonly path: string;
  readonly version: Version;
}

/** `METHOD target HTTP/1.x`, one space between. @throws HttpError */
export function parseRequestLine(line: string): RequestLine {
  const words = line.split(" ");
  if (words.length !== 3) throw new HttpError("Invalid request.");
  const [word, target, version] = words as [string, string, string];
  const method = METHODS.find((known) => known === word);
  if (!method) throw new HttpError("Invalid HTTP Method: Unsupported HTTP method.");
  if (version !== "HTTP/1.0" && version !== "HTTP/1.1") {
    throw new HttpError("Invalid HTTP Version: Unsupported HTTP version.");
  }
  if (target === "") throw new HttpError("Invalid URI: Empty URI not allowed.");
  return { method, path: pathOf(target), version };
}

/** @throws HttpError for bytes that are no UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new HttpError("Invalid request.");
  }
}

/** Also of an absolute form, `http://host/path`. */
function pathOf(target: string): string {
  const absolute = /^http:\/\/[^/]*(?<path>\/.*)?$/.exec(target);
  return absolute ? (absolute.groups?.["path"] ?? "/") : target;
}
