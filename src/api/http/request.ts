/** Incremental HTTP/1.x requests, by the rules and with the error texts of Firecracker's server. */
import { HttpError } from "./error.ts";
import { declaredHeaders, type Headers, NO_HEADERS } from "./headers.ts";

export const METHODS = ["GET", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof METHODS)[number];

export interface HttpRequest {
  readonly method: Method;
  /** As it was sent, without scheme and host. */
  readonly path: string;
  /** Undefined without one, or with an empty one. */
  readonly body: string | undefined;
}

/** The request line, and each header line. */
const MAX_LINE_BYTES = 1024;
/** Firecracker has no such bound: a client that sends headers for ever shall not fill memory. */
const MAX_HEAD_BYTES = 64 * 1024;
const [CR, LF] = [13, 10];

interface Head {
  readonly method: Method;
  readonly path: string;
  readonly headers: Headers;
}

/** Takes bytes as they come, gives requests as they are complete. */
export class RequestParser {
  readonly #maxBodyBytes: number;
  /** All since the last complete request; what a server that takes over the connection has to begin with. */
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the next line, or the body, begins. */
  #at = 0;
  #line: { readonly method: Method; readonly path: string } | undefined;
  #headers: Headers = NO_HEADERS;
  #head: Head | undefined;
  #wantsContinue = false;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** What came since the last complete request. */
  get unread(): Uint8Array {
    return this.#bytes;
  }

  push(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    this.#bytes = all;
  }

  /** Whether the client waits for a word before it sends the body. True once. */
  takeContinue(): boolean {
    const wants = this.#wantsContinue;
    this.#wantsContinue = false;
    return wants;
  }

  /** The next complete request; undefined until more has come. @throws HttpError */
  next(): HttpRequest | undefined {
    while (!this.#head) {
      const line = this.#nextLine();
      if (line === undefined) return undefined;
      this.#takeLine(line);
    }
    const { method, path, headers } = this.#head;
    const end = this.#at + headers.contentLength;
    if (this.#bytes.length < end) return undefined;
    const body = headers.contentLength === 0 ? undefined : decode(this.#bytes.subarray(this.#at, end));
    this.#bytes = this.#bytes.slice(end);
    this.#at = 0;
    this.#head = undefined;
    this.#wantsContinue = false;
    return { method, path, body };
  }

  #nextLine(): Uint8Array | undefined {
    const rest = this.#bytes.subarray(this.#at, this.#at + MAX_LINE_BYTES);
    const end = endOfLine(rest);
    if (end < 0) {
      if (rest.length === MAX_LINE_BYTES) throw tooLong(this.#line !== undefined);
      return undefined;
    }
    this.#at += end + 2;
    if (this.#at > MAX_HEAD_BYTES) throw new HttpError(`Invalid header. Reason: More than ${MAX_HEAD_BYTES} bytes.`);
    return rest.subarray(0, end);
  }

  #takeLine(line: Uint8Array): void {
    if (!this.#line) {
      this.#line = requestLine(decode(line));
      this.#headers = NO_HEADERS;
    } else if (line.length > 0) {
      this.#headers = declaredHeaders(this.#headers, decode(line));
    } else {
      const { contentLength, expectsContinue } = this.#headers;
      // Before any of it is read: a client can't make the server hold more than the limit.
      if (contentLength > this.#maxBodyBytes) {
        throw new HttpError(
          `Request payload with size ${contentLength} is larger than the limit of ${this.#maxBodyBytes} allowed by server.`,
        );
      }
      this.#head = { ...this.#line, headers: this.#headers };
      this.#line = undefined;
      this.#wantsContinue = expectsContinue && contentLength > 0;
    }
  }
}

function endOfLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) if (bytes[at + 1] === LF) return at;
  return -1;
}

function tooLong(isHeader: boolean): HttpError {
  return new HttpError(isHeader ? "Invalid header. Reason: The line is longer than 1024 bytes." : "Invalid request.");
}

/** `METHOD target HTTP/1.x`, one space between. */
function requestLine(line: string): { readonly method: Method; readonly path: string } {
  const words = line.split(" ");
  if (words.length !== 3) throw new HttpError("Invalid request.");
  const [word, target, version] = words as [string, string, string];
  const method = METHODS.find((known) => known === word);
  if (!method) throw new HttpError("Invalid HTTP Method: Unsupported HTTP method.");
  if (version !== "HTTP/1.0" && version !== "HTTP/1.1") {
    throw new HttpError("Invalid HTTP Version: Unsupported HTTP version.");
  }
  if (target === "") throw new HttpError("Invalid URI: Empty URI not allowed.");
  return { method, path: pathOf(target) };
}

/** Also of an absolute form, `http://host/path`. */
function pathOf(target: string): string {
  const absolute = /^http:\/\/[^/]*(?<path>\/.*)?$/.exec(target);
  return absolute ? (absolute.groups?.["path"] ?? "/") : target;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new HttpError("Invalid request.");
  }
}
