import { expect, test } from "bun:test";
import { runArchive, runFile } from "../../../src/boot/initramfs.ts";

function records(file: Uint8Array): string[] {
  const text = Buffer.from(file).toString("latin1");
  expect(text.endsWith("\0")).toBe(true);
  return text.slice(0, -1).split("\0");
}

test("a shell on a terminal starts in root's home, with the usual environment", () => {
  expect(records(runFile({ argv: [], terminal: true, rows: 24, columns: 80 }))).toEqual([
    "volt-run 1",
    "terminal=1",
    "directory=/root",
    "rows=24",
    "columns=80",
    "env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "env=HOME=/root",
    "env=USER=root",
    "env=TERM=vt100",
  ]);
});

test("a command starts in / and gives every setting its record", () => {
  const file = runFile({
    argv: ["printf", "a\nb", ""],
    env: { TERM: "dumb", EXTRA: "x=y" },
    terminal: false,
    hostname: "box-1.lan",
    graceSeconds: 3,
    readyPort: 0x502,
  });
  const [header, ...rest] = records(file);

  expect(header).toBe("volt-run 1");
  expect(rest).toContain("terminal=0");
  expect(rest).toContain("directory=/");
  expect(rest).toContain("hostname=box-1.lan");
  expect(rest).toContain("grace=3");
  expect(rest).toContain("ready=1282");
  expect(rest.filter((record) => record.startsWith("env=TERM"))).toEqual(["env=TERM=dumb"]);
  expect(rest).toContain("env=EXTRA=x=y");
  expect(rest.slice(-3)).toEqual(["arg=printf", "arg=a\nb", "arg="]);
});

test("arguments given as bytes go over as they are, strings as UTF-8", () => {
  const file = runFile({ argv: [Uint8Array.of(0xff, 0xfe), "ö"], terminal: false });
  expect(records(file).slice(-2)).toEqual(["arg=\xff\xfe", "arg=\xc3\xb6"]);
});

test("the archive holds the file where only root can read it", () => {
  const options = { argv: ["true"], terminal: false };
  const cpio = (...args: string[]) =>
    Bun.spawnSync(["cpio", "--quiet", ...args], { stdin: runArchive(options), stdout: "pipe", stderr: "pipe" }).stdout;

  expect(cpio("-itv").toString()).toMatch(/^drwx------ .* volt\n-r-------- .* volt\/run\n$/);
  expect(new Uint8Array(cpio("-i", "--to-stdout", "volt/run"))).toEqual(runFile(options));
});

const BASE = { argv: ["true"], terminal: true };

test.each([
  ["NUL in an argument", { ...BASE, argv: ["a\0b"] }, "cannot contain NUL"],
  ["NUL in a variable", { ...BASE, env: { A: "\0" } }, "cannot contain NUL"],
  ["NUL in the directory", { ...BASE, directory: "/\0" }, "cannot contain NUL"],
  ["a variable without a name", { ...BASE, env: { "": "x" } }, "not a name"],
  ["a variable with = in its name", { ...BASE, env: { "a=b": "x" } }, "not a name"],
  ["a host name with a blank", { ...BASE, hostname: "a b" }, "host name"],
  ["a host name of 65 characters", { ...BASE, hostname: "a".repeat(65) }, "host name"],
  ["a fraction of a row", { ...BASE, rows: 1.5 }, "rows 1.5"],
  ["a negative size", { ...BASE, columns: -1 }, "columns -1"],
  ["a port beyond 16 bits", { ...BASE, readyPort: 0x10000 }, "ready port 65536"],
])("refuses %s", (_what, options, message) => {
  expect(() => runFile(options)).toThrow(message);
});
