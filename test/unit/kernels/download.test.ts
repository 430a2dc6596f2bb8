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
  "/breaks": (socket, head) => answerPart(socket, head, ['ETag: "v1"'], 20_000),
  "/breaks-without-etag": (socket, head) => answerPart(socket, head, [], 20_000),
  "/dies": (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nETag: "v"\r\nConnection: close\r\nContent-Length: ${FILE.length}\r\n\r\n`);
    socket.write(FILE.subarray(0, 1000));
    // Of an answer and its end in one fetch() may show neither.
    setTimeout(() => socket.end(), 50);
  },
  "/circle": (socket) =>
    socket.end("HTTP/1.1 302 Found\r\nLocation: /circle\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  "/missing": (socket) => socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  "/broken": (socket) => socket.end("HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  "/huge": (socket) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${2 ** 41}\r\n\r\n`),
  "/garbage": (socket) => socket.end("what?\r\n\r\n"),
  "/forbidden": (socket) => answer(socket, "403 Forbidden", ["Content-Length: 0"]),
  "/to-a-file": (socket) => answer(socket, "302 Found", ["Location: file:///etc/passwd", "Content-Length: 0"]),
  "/to-nowhere": (socket) => answer(socket, "302 Found", ["Location: http://[", "Content-Length: 0"]),
  "/leads-on": (socket) => answer(socket, "302 Found", ["Location: /good", "Content-Length: 0"]),
  "/resets": (socket) => socket.destroy(),
  "/dated": (socket, head) => answerPart(socket, head, LONG_UNCHANGED, 20_000),
  "/dated-now": (socket, head) => answerPart(socket, head, JUST_CHANGED, 20_000),
  "/dated-and-weak": (socket, head) => answerPart(socket, head, ['ETag: W/"1"', ...LONG_UNCHANGED], 20_000),
  "/part-unasked": (socket) =>
    answer(socket, "206 Partial Content", [`Content-Range: bytes 0-9/10`, "Content-Length: 10"], FILE.subarray(0, 10)),
  "/wrong-part": (socket, head) => answerAskew(socket, head, `bytes 30000-${FILE.length - 1}/${FILE.length}`),
  "/no-range": (socket, head) => answerAskew(socket, head, "nonsense"),
  "/other-version": (socket, head) => answerAskew(socket, head, `bytes 20000-59999/60000`, '"v2"'),
  "/416": (socket, head) =>
    /range:/i.test(head)
      ? answer(socket, "416 Range Not Satisfiable", ["Content-Length: 0"])
      : answerPart(socket, head, ['ETag: "v1"'], 20_000),
  "/slow": (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${FILE.length}\r\n\r\n`);
    const pieces = [0, 1, 2, 3, 4, 5].map((i) => FILE.subarray(i * 10_000, (i + 1) * 10_000));
    const timer = setInterval(() => {
      const piece = pieces.shift();
      if (piece) return socket.write(piece);
      clearInterval(timer);
      return socket.end();
    }, 20);
  },
  "/without-length": (socket) => answer(socket, "200 OK", [], FILE),
  "/longer": (socket) => answer(socket, "200 OK", [`Content-Length: ${FILE.length + 1}`], FILE),
  "/shorter": (socket) => answer(socket, "200 OK", ["Content-Length: 1000"], FILE),
};

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toUTCString();
const LONG_UNCHANGED = [`Last-Modified: ${ago(3600)}`, `Date: ${ago(0)}`];
const JUST_CHANGED = [`Last-Modified: ${ago(2)}`, `Date: ${ago(0)}`];

function answer(socket: Socket, status: string, headers: readonly string[], body: Uint8Array = new Uint8Array()): void {
  socket.write(`HTTP/1.1 ${[status, "Connection: close", ...headers].join("\r\n")}\r\n\r\n`);
  socket.write(body);
  setTimeout(() => socket.end(), 50);
}

/** Breaks off once, and answers the next time with a part that says this of itself. */
function answerAskew(socket: Socket, head: string, range: string, etag = '"v1"'): void {
  if (!/range:/i.test(head)) {
    answerPart(socket, head, ['ETag: "v1"'], 20_000);
    return;
  }
  const rest = FILE.subarray(20_000);
  const headers = [`ETag: ${etag}`, `Content-Range: ${range}`, `Content-Length: ${rest.length}`];
  answer(socket, "206 Partial Content", headers, rest);
}

/** Sends what is asked for, but breaks off after `most` bytes. */
function answerPart(socket: Socket, head: string, validators: readonly string[], most: number): void {
  const from = Number(/range: bytes=(\d+)-/i.exec(head)?.[1] ?? 0);
  const rest = FILE.subarray(from);
  const tag = validators.map((line) => `${line}\r\n`).join("");
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

  test.each(["/dated", "/slow", "/without-length", "/leads-on"])("of %s is the whole file", async (path) => {
    using home = new Home();
    using got = await get(home, path);
    expect(readFileSync(got.path)).toEqual(FILE);
  });

  test("goes on by the day of the last change where there is no ETag, if that was long enough ago", async () => {
    using home = new Home();
    using _got = await get(home, "/dated");
    expect(seen("/dated")[1]).toContain(LONG_UNCHANGED[0]!.replace("Last-Modified", "If-Range"));
    for (const path of ["/dated-now", "/dated-and-weak"]) {
      await expect(get(home, path)).rejects.toThrow(/broke off|can't be fetched/);
      expect(seen(path).filter((head) => /range:/i.test(head))).toEqual([]);
    }
  });

  test("with a length of less than the file is what that length says, as HTTP has it", async () => {
    using home = new Home();
    using got = await get(home, "/shorter");
    expect(readFileSync(got.path)).toEqual(FILE.subarray(0, 1000));
  });

  test.each(["/wrong-part", "/no-range", "/other-version", "/416"])(
    "is not put together of parts that do not belong together: %s",
    async (path) => {
      using home = new Home();
      await expect(get(home, path)).rejects.toThrow(
        /the server sent another part of the file than was asked for|has less than before|broke off|can't be fetched/,
      );
      expect(seen(path).length).toBeLessThan(10);
    },
  );

  test.each(["/missing", "/forbidden", "/part-unasked", "/resets"])("of %s leaves no folder behind", async (path) => {
    using home = new Home();
    await expect(get(home, path)).rejects.toThrow();
    await expect(download(home.paths, "http://127.0.0.1:1/x", none)).rejects.toThrow();
    expect(home.list("downloads")).toEqual([]);
  });

  test("follows ten redirects and not one more, and does not try that again", async () => {
    using home = new Home();
    const before = seen("/circle").length;
    await expect(get(home, "/circle")).rejects.toThrow();
    expect(seen("/circle").length - before).toBe(11);
  });

  test.each([
    ["/circle", /it leads on more than 10 times, perhaps in a circle: check the address$/],
    ["/to-a-file", /it leads on to file:\/\/\/etc\/passwd: volt follows to http:\/\/ and https:\/\/ only$/],
    ["/to-nowhere", /it leads on to "http:\/\/\[", which is no address$/],
    ["/resets", /it can't be fetched, the server broke off the connection \(\w+\): check the address and the network$/],
    ["/longer", /broke off/],
    ["/part-unasked", /the server sent another part of the file than was asked for: try again$/],
    ["/missing", /there is no such file on the server \(404\): check the address/],
    ["/forbidden", /the server refuses it with status 403/],
    ["/broken", /the server refuses it with status 500/],
    ["/huge", /it has \d+ bytes: no kernel is that large/],
    ["/garbage", /can't be fetched, the server/],
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
