/** Responses, byte for byte as Firecracker's server writes them: no reason phrase, no Date. */
import type { Stream } from "../stream.ts";

export interface HttpResponse {
  readonly status: number;
  /** A 204 has none. */
  readonly body?: string;
  /** Of the body: JSON, if it does not say. */
  readonly contentType?: string;
  /** The request used something that is on its way out. */
  readonly isDeprecated?: boolean;
  /** In place of a body: what goes on until somebody ends it. */
  readonly stream?: Stream;
}

const SERVER = "Server: Firecracker API\r\n";

export function encodeResponse({
  status,
  body,
  isDeprecated,
  stream,
  contentType = "application/json",
}: HttpResponse): Uint8Array {
  // Its end is the connection's.
  if (stream) {
    return Buffer.from(
      `HTTP/1.1 ${status} \r\n${SERVER}Connection: close\r\nContent-Type: ${stream.contentType}\r\n\r\n`,
    );
  }
  const deprecation = isDeprecated ? "Deprecation: true\r\n" : "";
  const bytes =
    body === undefined ? "" : `Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(
    `HTTP/1.1 ${status} \r\n${SERVER}Connection: keep-alive\r\n${deprecation}${bytes}\r\n${body ?? ""}`,
  );
}

/** A client that asked whether to send its body: it may. */
export function encodeContinue(): Uint8Array {
  return encodeResponse({ status: 100 });
}

/** The answer to what is no request. Its line break is no valid JSON: Firecracker's is not either. */
export function encodeProtocolError(problem: string): Uint8Array {
  const body = `{ "error": "${problem}\nAll previous unanswered requests will be dropped." }`;
  return encodeResponse({ status: 400, body });
}

/** What the client one too many hears. */
export function encodeTooMany(): Uint8Array {
  const body = '{ "error": "Too many open connections" }';
  return Buffer.from(
    `HTTP/1.1 503 \r\n${SERVER}Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
