import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guestModules } from "../../../guest/modules.ts";
import { readCpio } from "../../../src/boot/cpio-read.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-guest-modules-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a folder without a kernel's modules is refused", () => {
  expect(() => guestModules(folder, [])).toThrow(`${folder}/lib/modules: one kernel version was expected, 0 are there`);
});

test("a folder with two kernels is refused", () => {
  mkdirSync(join(folder, "lib/modules/6.1.0"), { recursive: true });
  mkdirSync(join(folder, "lib/modules/6.2.0"));
  expect(() => guestModules(folder, [])).toThrow("one kernel version was expected, 2 are there");
});

test("a module that this kernel does not have is left out, and the others come along", () => {
  const drivers = join(folder, "lib/modules/6.1.0/kernel/drivers");
  mkdirSync(drivers, { recursive: true });
  writeFileSync(join(folder, "lib/modules/6.1.0/modules.builtin"), "kernel/drivers/inside.ko\n");
  const object = ["gcc", "-x", "c", "-c", "-o", join(drivers, "here.ko"), "-"];
  expect(Bun.spawnSync(object, { stdin: Buffer.from("int x;\n") }).success).toBe(true);

  const archive = guestModules(folder, ["no-such-module", "inside", "here"]);
  const modules = [...readCpio(archive)].filter(({ path }) => path.endsWith(".ko")).map(({ path }) => path);
  expect(modules).toEqual(["lib/modules/6.1.0/here.ko"]);
});

test("without modules only their lists are written, empty", () => {
  mkdirSync(join(folder, "lib/modules/6.1.0"), { recursive: true });
  const archive = guestModules(folder, []);
  const list = Bun.spawnSync(["cpio", "--quiet", "-it"], { stdin: archive, stdout: "pipe" }).stdout.toString();
  const files = ["modules.dep", "modules.alias"].map((name) => `lib/modules/6.1.0/${name}`);
  expect(list).toBe(`${["lib", "lib/modules", "lib/modules/6.1.0", ...files].join("\n")}\n`);
});
