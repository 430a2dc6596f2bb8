import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exists, makeFolder, namesIn, readTextFile, removeFolder, unlink } from "../../../ffi/files.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";
import { systemError } from "../../support/thrown.ts";

const folder = mkdtempSync(join(tmpdir(), "volt-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe("a text file", () => {
  test("is read whole, as UTF-8", () => {
    expect(readTextFile(fileOf("text", "größer\n"))).toBe("größer\n");
    expect(readTextFile(fileOf("empty", ""))).toBe("");
    expect(readTextFile("/proc/self/status")).toContain("Name:");
  });

  test("that is not there is undefined, on the way to it too", () => {
    expect(readTextFile(join(folder, "missing"))).toBeUndefined();
    expect(readTextFile(join(fileOf("file", "x"), "below"))).toBeUndefined();
  });

  test("of 1 MiB is read, and of one byte more is refused by name", () => {
    expect(readTextFile(fileOf("most", new Uint8Array(2 ** 20)))).toHaveLength(2 ** 20);
    const path = fileOf("more", new Uint8Array(2 ** 20 + 1));
    expect(systemError(() => readTextFile(path)).message).toBe(`${path}: read: File too large (EFBIG)`);
  });

  test("that is a directory, an endless device or a FIFO is an error, not a wait", () => {
    execFileSync("mkfifo", [join(folder, "fifo")]);
    expect(systemError(() => readTextFile(folder)).code).toBe("EISDIR");
    expect(systemError(() => readTextFile("/dev/zero")).code).toBe("EFBIG");
    expect(systemError(() => readTextFile(join(folder, "fifo"))).code).toBe("ESPIPE");
  });

  test("leaves no descriptor behind, read or refused", () => {
    const good = fileOf("good", "x");
    const before = openDescriptors();
    for (let i = 0; i < 20; i++) {
      readTextFile(good);
      systemError(() => readTextFile(folder));
      exists(good);
    }
    expect(openedSince(before)).toEqual([]);
  });
});

test("a path exists when it can be opened", () => {
  expect(exists(fileOf("there", ""))).toBe(true);
  expect(exists(folder)).toBe(true);
  expect(exists(join(folder, "missing"))).toBe(false);
});

test("unlink takes a name away, and does not mind when there is none", () => {
  const path = fileOf("gone", "x");
  unlink(path);
  expect(exists(path)).toBe(false);
  unlink(path);
});

describe("a folder", () => {
  test("names all that is in it, and no more than was asked for", () => {
    const many = join(folder, "many");
    makeFolder(many);
    const names = Array.from({ length: 500 }, (_, i) => `a file with a name of some length, ${i} ö`);
    for (const name of names) writeFileSync(join(many, name), "");
    expect(namesIn(many).sort()).toEqual(names.sort());
    expect(namesIn(many, 3).length).toBe(3);
    expect(namesIn(join(folder, "missing"))).toEqual([]);
  });

  test("goes when it is empty, and only then", () => {
    const one = join(folder, "one");
    makeFolder(one);
    writeFileSync(join(one, "file"), "");
    expect(removeFolder(one)).toBe(false);
    unlink(join(one, "file"));
    expect([removeFolder(one), exists(one)]).toEqual([true, false]);
  });
});
