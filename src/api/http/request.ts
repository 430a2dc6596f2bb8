/** Incremental HTTP/1.x requests, by the rules and with the error texts of Firecracker's server. */
import { HttpError } from "../../http/error.ts";
import { decodeText, type Method, parseRequestLine, type RequestLine } from "../../http/request-line.ts";
import { declaredHeaders, type Headers, NO_HEADERS } from "./headers.ts";

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
  #line: RequestLine | undefined;
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
    const body = headers.contentLength === 0 ? undefined : decodeText(this.#bytes.subarray(this.#at, end));
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
      this.#line = parseRequestLine(decodeText(line));
      this.#headers = NO_HEADERS;
    } else if (line.length > 0) {
      this.#headers = declaredHeaders(this.#headers, decodeText(line));
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
