import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { download } from "../../../src/kernels/download.ts";
import { collectGarbage } from "../../../src/kernels/gc.ts";
import { Home } from "./home.ts";

const FILE = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)));
const none = () => {};

/** Requests as they came, by path. */
const requests: { path: string; head: string }[] = [];
const seen = (path: string) => requests.filter((request) => request.path === path).map(({ head }) => head);

/** What the server says on each path; a raw socket, because no good server would say most of it. */
const ANSWERS: Readonly<Record<string, (socket: Socket, head: string) => void>> = {
  "/good": (socket) =>
    socket.end(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${FILE.length}\r\n\r\n`),
        FILE,
      ]),
    ),
  "/breaks": (socket, head) => answerPart(socket, head, '"v1"', 20_000),
  "/breaks-without-etag": (socket, head) => answerPart(socket, head, undefined, 20_000),
  "/dies": (socket) =>
    socket.end(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nETag: "v"\r\nConnection: close\r\nContent-Length: ${FILE.length}\r\n\r\n`),
        FILE.subarray(0, 1000),
      ]),
    ),
  "/circle": (socket) =>
    socket.end("HTTP/1.1 302 Found\r\nLocation: /circle\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  "/missing": (socket) => socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  "/broken": (socket) => socket.end("HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  "/huge": (socket) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${2 ** 41}\r\n\r\n`),
  "/garbage": (socket) => socket.end("what?\r\n\r\n"),
};

/** Sends what is asked for, but breaks off after `most` bytes. */
function answerPart(socket: Socket, head: string, etag: string | undefined, most: number): void {
  const from = Number(/range: bytes=(\d+)-/i.exec(head)?.[1] ?? 0);
  const rest = FILE.subarray(from);
  const tag = etag === undefined ? "" : `ETag: ${etag}\r\n`;
  const status =
    from > 0 ? `206 Partial Content\r\nContent-Range: bytes ${from}-${FILE.length - 1}/${FILE.length}` : "200 OK";
  socket.write(`HTTP/1.1 ${status}\r\n${tag}Connection: close\r\nContent-Length: ${rest.length}\r\n\r\n`);
  socket.write(rest.subarray(0, most));
  // What comes in one piece with the end of the connection is dropped by Bun's fetch.
  setTimeout(() => socket.end(), 50);
}

const server = createServer((socket) => {
  let head = "";
  socket.on("error", none);
  socket.on("data", (bytes) => {
    head += bytes.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    const path = head.split(" ")[1] ?? "";
    requests.push({ path, head });
    ANSWERS[path]?.(socket, head);
    head = "";
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
afterAll(() => void server.close());

const get = (home: Home, path: string) => download(home.paths, `${address}${path}`, none);

describe("a download", () => {
  test("is the file, and is gone at the end of its scope", async () => {
    using home = new Home();
    {
      using got = await get(home, "/good");
      expect(readFileSync(got.path)).toEqual(FILE);
    }
    expect(home.list("downloads")).toEqual([]);
  });

  test("goes on where the connection broke off, as often as it must", async () => {
    using home = new Home();
    using got = await get(home, "/breaks");
    expect(readFileSync(got.path)).toEqual(FILE);
    const ranges = seen("/breaks").map((head) => /range: bytes=(\d+)-/i.exec(head)?.[1]);
    expect(ranges).toEqual([undefined, "20000", "40000"]);
    expect(seen("/breaks")[1]).toMatch(/if-range: "v1"/i);
  });

  test("begins anew where the server can't say that it is still the same file", async () => {
    using home = new Home();
    await expect(get(home, "/breaks-without-etag")).rejects.toThrow(
      /broke off after 20000 of 60000 bytes|can't be fetched/,
    );
    expect(seen("/breaks-without-etag").filter((head) => /range:/i.test(head))).toEqual([]);
  });

  test("that broke off for good is kept for the next try, and gc clears it away", async () => {
    using home = new Home();
    await expect(get(home, "/dies")).rejects.toThrow(/broke off|can't be fetched/);
    expect(home.list("downloads")).toHaveLength(1);
    expect(collectGarbage(home.paths)).toMatchObject([{ what: "a broken-off download" }]);
  });

  test.each([
    ["/circle", /can't be fetched|redirect/],
    ["/missing", /there is no such file on the server \(404\): check the address/],
    ["/broken", /the server refuses it with status 500/],
    ["/huge", /it has \d+ bytes: no kernel is that large/],
    ["/garbage", /can't be fetched/],
  ])("of %s is refused in one line that has the address", async (path, message) => {
    using home = new Home();
    const error: Error = await get(home, path).then(
      () => new Error("it worked"),
      (thrown) => thrown,
    );
    expect(error.message).toMatch(message);
    expect(error.message).toStartWith(`${address}${path}: `);
    expect(error.message).not.toContain("\n");
  });

  test("from where nobody listens is refused", async () => {
    using home = new Home();
    await expect(download(home.paths, "http://127.0.0.1:1/x", none)).rejects.toThrow(
      /check the address and the network/,
    );
  });

  test("of two at a time of the same file only one is made", async () => {
    using home = new Home();
    using _first = await get(home, "/good");
    await expect(get(home, "/good")).rejects.toThrow(/another volt is downloading it/);
  });
});
