import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type HttpRequest, RequestParser } from "../../../../src/api/http/request.ts";
import { HttpError } from "../../../../src/http/error.ts";

const LIMIT = 51_200;
const PUT = 'PUT /actions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n{"a":"\u00e4\u00e4"}';

/** Everything a parser makes of pieces. */
function parse(...pieces: readonly (string | Uint8Array)[]): HttpRequest[] {
  const parser = new RequestParser(LIMIT);
  const requests: HttpRequest[] = [];
  for (const piece of pieces) {
    parser.push(Buffer.from(piece as string));
    for (let request = parser.next(); request; request = parser.next()) requests.push(request);
  }
  return requests;
}

function problem(text: string | Uint8Array): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof HttpError) return error.message;
    throw error;
  }
  return "no problem";
}

test("a request is the same wherever it is split", () => {
  const bytes = Buffer.from(PUT);
  const whole = parse(bytes);
  expect(whole).toEqual([{ method: "PUT", path: "/actions", body: '{"a":"\u00e4\u00e4"}' }]);
  for (let at = 0; at <= bytes.length; at++) expect(parse(bytes.subarray(0, at), bytes.subarray(at))).toEqual(whole);
  expect(parse(...Array.from(bytes, (byte) => new Uint8Array([byte])))).toEqual(whole);
});

test("requests that come together are told apart", () => {
  const get = "GET /version HTTP/1.0\r\n\r\n";
  expect(parse(get + PUT + get).map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /version",
    "PUT /actions",
    "GET /version",
  ]);
});

test("what came of the next request is kept for who takes over", () => {
  const parser = new RequestParser(LIMIT);
  parser.push(Buffer.from(`GET / HTTP/1.1\r\n\r\n${PUT.slice(0, 40)}`));
  expect(parser.next()?.path).toBe("/");
  expect(parser.next()).toBeUndefined();
  expect(Buffer.from(parser.unread).toString()).toBe(PUT.slice(0, 40));
});

test("an absolute target counts by its path", () => {
  expect(parse("GET http://localhost/vm/config HTTP/1.1\r\n\r\n")[0]?.path).toBe("/vm/config");
  expect(parse("GET http://localhost HTTP/1.1\r\n\r\n")[0]?.path).toBe("/");
});

test("a body of no bytes is none", () => {
  expect(parse("PUT /x HTTP/1.1\r\ncontent-length: 0\r\n\r\n")[0]?.body).toBeUndefined();
});

test("a client that asks first is told once to send its body", () => {
  const parser = new RequestParser(LIMIT);
  parser.push(Buffer.from("PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  expect(parser.next()).toBeUndefined();
  expect([parser.takeContinue(), parser.takeContinue()]).toEqual([true, false]);
  parser.push(Buffer.from("{}"));
  expect(parser.next()?.body).toBe("{}");
});

describe("what is no request is refused:", () => {
  const head = (line: string) => `GET / HTTP/1.1\r\n${line}\r\n\r\n`;
  test.each([
    ["a method there is not", "POST / HTTP/1.1\r\n\r\n", "Invalid HTTP Method: Unsupported HTTP method."],
    ["a version there is not", "GET / HTTP/2.0\r\n\r\n", "Invalid HTTP Version: Unsupported HTTP version."],
    ["no target", "GET  HTTP/1.1\r\n\r\n", "Invalid URI: Empty URI not allowed."],
    ["an empty line", "\r\n", "Invalid request."],
    ["a request line without an end", "G".repeat(1024), "Invalid request."],
    [
      "a header line without an end",
      `GET / HTTP/1.1\r\n${"x".repeat(1024)}`,
      "Invalid header. Reason: The line is longer",
    ],
    ["headers without an end", `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(20_000)}`, "Invalid header. Reason: More than"],
    ["a header without a colon", head('x"y'), "Invalid header. Reason: Header is incorrectly formatted: x?y"],
    ["a negative length", head("Content-Length: -1"), "Invalid value. Key:Content-Length; Value:-1"],
    ["a length that is no number", head("Content-Length: 0x10"), "Invalid value. Key:Content-Length; Value:0x10"],
    ["a length of 2^64", head("Content-Length: 18446744073709551616"), "Invalid value. Key:Content-Length"],
    ["a refusal of what there is", head("Accept-Encoding: gzip, identity;q=0"), "Invalid value. Key:Accept-Encoding"],
    ["a refusal of all there is", head("Accept-Encoding: *;q=0"), "Invalid value. Key:Accept-Encoding"],
    ["an expectation that nobody meets", head("Expect: a miracle"), "Unsupported value. Key:Expect"],
    [
      "a body that is no UTF-8",
      Buffer.from("PUT / HTTP/1.1\r\nContent-Length: 1\r\n\r\n\xff", "latin1"),
      "Invalid request.",
    ],
  ])("%s", (_, text, expected) => {
    expect(problem(text)).toContain(expected);
  });

  test("a body over the limit, before any of it came", () => {
    expect(problem("PUT / HTTP/1.1\r\nContent-Length: 51201\r\n\r\n")).toBe(
      "Request payload with size 51201 is larger than the limit of 51200 allowed by server.",
    );
    expect(problem("PUT / HTTP/1.1\r\nContent-Length: 51200\r\n\r\n")).toBe("no problem");
  });
});

test("no bytes do anything but make requests or be refused", () => {
  const word = fc.constantFrom(
    "GET ",
    "PUT ",
    "/ ",
    "HTTP/1.1",
    "\r\n",
    "\r",
    "\n",
    "Content-Length: 3",
    ":",
    "\0",
    "\xff",
  );
  const bytes = fc.array(fc.oneof(word, fc.string()), { maxLength: 30 });
  fc.assert(
    fc.property(bytes, (words) => {
      const text = Buffer.from(words.join(""), "latin1");
      expect(problem(text)).toBeString();
    }),
  );
});
