import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseInitramfs, buildGuest } from "../../../guest/build.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-guest-build-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("both programs are small static executables", () => {
  const { init, voltExit } = buildGuest(folder);
  for (const program of [init, voltExit]) {
    const file = readFileSync(program);
    expect(file.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
    expect(file.includes("ld-linux")).toBe(false);
    expect(file.length).toBeLessThan(20_000);
  }
});

test("a second build keeps what is there, a changed stamp makes it anew", () => {
  const { init } = buildGuest(folder);
  const first = statSync(init, { bigint: true }).mtimeNs;
  buildGuest(folder);
  expect(statSync(init, { bigint: true }).mtimeNs).toBe(first);

  const before = readFileSync(init);
  writeFileSync(join(folder, "guest.stamp"), "other sources");
  writeFileSync(init, "old");
  buildGuest(folder);
  expect(readFileSync(init)).toEqual(before);
});

test("init does nothing where it is not the first process", () => {
  const result = Bun.spawnSync([buildGuest(folder).init], { stdout: "pipe", stderr: "pipe" });
  expect(result.exitCode).toBe(1);
  expect(result.stderr.toString()).toBe("volt-init: this is a guest's first process; it does nothing anywhere else\n");
});

test.each([[[]], [["256"]], [["-1"]], [["7x"]], [[""]], [["1", "2"]]])("volt-exit refuses the arguments %j", (args) => {
  const result = Bun.spawnSync([buildGuest(folder).voltExit, ...args], { stdout: "pipe", stderr: "pipe" });
  expect(result.exitCode).toBe(2);
  expect(result.stderr.toString()).toStartWith("volt-exit: usage: volt-exit STATUS (0 to 255)");
});

test("the initramfs has init, volt-exit and BusyBox with its links, and is the same each time", () => {
  const file = join(folder, "initramfs");
  baseInitramfs(file);
  const first = readFileSync(file);
  baseInitramfs(file);
  expect(readFileSync(file)).toEqual(first);

  const list = Bun.spawnSync(["cpio", "--quiet", "-itv"], { stdin: first, stdout: "pipe" }).stdout.toString();
  expect(list).toMatch(/^-rwxr-xr-x .* init$/m);
  expect(list).toMatch(/^-rwxr-xr-x .* bin\/volt-exit$/m);
  expect(list).toMatch(/^lrwxrwxrwx .* bin\/sh -> busybox$/m);
  expect(list).toMatch(/^crw------- .* 5, +1 .* dev\/console$/m);
});
