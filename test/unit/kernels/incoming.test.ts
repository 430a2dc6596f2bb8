import { expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { fileDigest } from "../../../src/kernels/digest.ts";
import { Draft } from "../../../src/kernels/draft.ts";
import { takeIn } from "../../../src/kernels/incoming.ts";
import { Home, linux } from "./home.ts";

test("what was taken in stays what was looked at, whoever changes or replaces the file meanwhile", () => {
  using home = new Home();
  const file = home.write("k", linux("good"));
  const digest = fileDigest(file);
  using draft = new Draft(home.paths);
  const taken = takeIn(home.paths, draft, file);
  writeFileSync(file, linux("evil"));
  renameSync(home.write("other", linux("worse")), file);
  expect(fileDigest(taken)).toBe(digest);
  const { manifest } = home.add("k", { file: taken, called: file, sha256: digest });
  expect(manifest.version).toBe("6.1.0-good");
});

test("a file that changed between its digest and its storing does not come in", () => {
  using home = new Home();
  const file = home.write("k", linux("good"));
  const digest = fileDigest(file);
  writeFileSync(file, linux("evil"));
  expect(() => home.add("k", { file, called: "mine", sha256: digest })).toThrow(/^mine: its SHA-256 is /);
  expect(home.list("objects")).toEqual([]);
});

test("what is no file with something in it is refused by its own name", () => {
  using home = new Home();
  using draft = new Draft(home.paths);
  expect(() => takeIn(home.paths, draft, "/nonexistent/k")).toThrow("kernel: there is no file /nonexistent/k");
  expect(() => takeIn(home.paths, draft, home.root)).toThrow(/is a directory, not a file/);
  expect(() => takeIn(home.paths, draft, "/dev/zero")).toThrow(/\/dev\/zero is a character, not a file/);
});
