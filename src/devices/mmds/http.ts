/** HTTP as the metadata service speaks it: a request is its head, an answer is Firecracker's, byte for byte. */
import { HttpError } from "../../http/error.ts";
import { harmless, parseHeader, parseLength } from "../../http/header.ts";
import { decodeText, type Method, parseRequestLine, type Version } from "../../http/request-line.ts";

export interface MmdsRequest {
  readonly method: Method;
  readonly path: string;
  readonly version: Version;
  /** By their names in lower case. Of a name that came twice, the last. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface MmdsResponse {
  readonly status: number;
  readonly body: string;
  readonly type?: "text/plain" | "application/json";
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TakenRequest {
  /** Undefined until more has come. */
  readonly request: MmdsRequest | undefined;
  /** Bytes of it, its body among them, which says nothing here. */
  readonly length: number;
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");

/**
 * The first request in what has come. Nobody waits for a body: it comes with the last of the head, as small ones do, or
 * the request is none.
 * @throws HttpError
 */
export function takeRequest(bytes: Buffer): TakenRequest {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0) return { request: undefined, length: 0 };
  const [first = "", ...lines] = decodeText(bytes.subarray(0, end)).split("\r\n");
  const line = parseRequestLine(first);
  const fields = lines.map(parseHeader);
  const headers = new Map(fields.map(({ name, value }) => [name, value]));
  const body = parseLength(headers.get("content-length") ?? "0");
  const length = end + END_OF_HEAD.length + body;
  if (length > bytes.length || (body > 0 && line.method === "GET")) throw new HttpError("Invalid request.");
  return { request: { ...line, headers }, length };
}

/** Whether the client hears of the answer's end by the connection's. */
export function endsConnection({ version, headers }: MmdsRequest): boolean {
  const wish = headers.get("connection")?.toLowerCase();
  return wish === "close" || (version === "HTTP/1.0" && wish !== "keep-alive");
}

/** @param closes the connection ends after it */
export function encodeMmdsResponse(response: MmdsResponse, version: Version, closes: boolean): Buffer {
  const { status, body, type = "text/plain", headers = {} } = response;
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${harmless(value)}\r\n`);
  return Buffer.from(
    `${version} ${status} \r\nServer: Firecracker API\r\nConnection: ${closes ? "close" : "keep-alive"}\r\n${own.join("")}` +
      `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
