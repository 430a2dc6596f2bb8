import { expect, test } from "bun:test";
import { type CpioEntry, cpio } from "../../../src/boot/cpio.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** What Debian's cpio, a reader of its own, makes of an archive. */
function read(archive: Uint8Array, ...options: string[]): string {
  const result = Bun.spawnSync(["cpio", "--quiet", ...options], {
    stdin: archive,
    stdout: "pipe",
    stderr: "pipe",
    env: { TZ: "UTC", LC_ALL: "C", PATH: "/usr/bin:/bin" },
  });
  expect(result.stderr.toString()).toBe("");
  return result.stdout.toString();
}

const SAMPLE: CpioEntry[] = [
  { kind: "directory", path: "etc", mode: 0o750 },
  { kind: "file", path: "etc/motd", data: text("hello\n") },
  { kind: "file", path: "empty", mode: 0o4711, data: text("") },
  { kind: "symlink", path: "etc/link", target: "../empty" },
  { kind: "character device", path: "console", major: 5, minor: 1 },
  { kind: "block device", path: "vda", mode: 0o660, major: 254, minor: 300 },
];

test("cpio lists every kind of entry as it was given", () => {
  const list = read(cpio(SAMPLE), "-itvn").trim().split("\n");

  expect(list.map((line) => line.replace(/ +/g, " "))).toEqual([
    "drwxr-x--- 2 0 0 0 Jan 1 1970 etc",
    "-rw-r--r-- 1 0 0 6 Jan 1 1970 etc/motd",
    "-rws--x--x 1 0 0 0 Jan 1 1970 empty",
    "lrwxrwxrwx 1 0 0 8 Jan 1 1970 etc/link -> ../empty",
    "crw------- 1 0 0 5, 1 Jan 1 1970 console",
    "brw-rw---- 1 0 0 254, 300 Jan 1 1970 vda",
  ]);
});

test("contents of every length modulo four come back whole", () => {
  for (let length = 0; length < 9; length++) {
    const data = text("abcdefgh".slice(0, length));
    const archive = cpio([
      { kind: "file", path: "first", data },
      { kind: "file", path: "second".slice(0, 1 + (length % 5)), data: text("next") },
    ]);
    expect(read(archive, "-i", "--to-stdout")).toBe(`${"abcdefgh".slice(0, length)}next`);
  }
});

test("names beyond ASCII are UTF-8", () => {
  const archive = cpio([{ kind: "file", path: "snö", data: text("white") }]);
  expect(read(archive, "-i", "--to-stdout", "snö")).toBe("white");
});

test("an archive is whole blocks of 512 bytes, and the same entries give the same bytes", () => {
  expect(cpio(SAMPLE).length % 512).toBe(0);
  expect(cpio(SAMPLE)).toEqual(cpio(SAMPLE));
  expect(read(cpio([]), "-it")).toBe("");
});

const file = (path: string): CpioEntry => ({ kind: "file", path, data: text("") });

const REFUSED: [string, CpioEntry[], string][] = [
  ["an empty name", [file("")], "needs a name"],
  ["an absolute name", [file("/init")], "names are relative"],
  ["a name that climbs out", [file("../init")], "'..'"],
  ["a name with an empty part", [file("a//b")], "empty parts"],
  ["a name with NUL", [file("a\0b")], "NUL"],
  ["the name that ends an archive", [file("TRAILER!!!")], "ends an archive"],
  ["a name longer than PATH_MAX", [file("x".repeat(4096))], "4095 bytes"],
  ["a name twice", [file("a"), file("a")], "twice"],
  ["a file before its directory", [file("etc/motd")], "its directory must come before it"],
  ["a file in a file", [file("etc"), file("etc/motd")], "its directory must come before it"],
  ["file type bits in the mode", [{ kind: "file", path: "a", mode: 0o100644, data: text("") }], "permission bits"],
  ["a link to nothing", [{ kind: "symlink", path: "a", target: "" }], "cannot be empty"],
  ["a link with NUL", [{ kind: "symlink", path: "a", target: "b\0" }], "NUL"],
  ["a link longer than PATH_MAX", [{ kind: "symlink", path: "a", target: "x".repeat(4096) }], "4095 bytes"],
  ["a major number of 13 bits", [{ kind: "block device", path: "a", major: 4096, minor: 0 }], "0 to 4095"],
];

test.each(REFUSED)("refuses %s", (_what, entries, message) => {
  expect(() => cpio(entries)).toThrow(message);
});
