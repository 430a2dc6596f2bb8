/** A detached VM's output on both sides: bounded as it is written, whole as it is read. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fd, O } from "../../../ffi/fd.ts";
import { BoundedOutput, MOST_OUTPUT_BYTES } from "../../../src/api/bounded-output.ts";
import { GrowingFile } from "../../../src/cli/vm/growing-file.ts";

let folder: string;
let path: string;
let current: Fd;
let older: Fd;
let output: BoundedOutput;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-output-"));
  path = join(folder, "log");
  current = Fd.open(path, O.RDWR | O.CREAT | O.APPEND);
  older = Fd.open(`${path}.1`, O.RDWR | O.CREAT);
  output = new BoundedOutput({ fd: current.number, older: older.number });
});
afterEach(() => {
  current.close();
  older.close();
  rmSync(folder, { recursive: true });
});

/** Prints lines with numbers, as a VM's main loop does. */
function printLines(from: number, count: number): string {
  let text = "";
  for (let line = from; line < from + count; line++) {
    const one = `line ${line}\n`;
    current.writeAll(Buffer.from(one));
    output.bound();
    text += one;
  }
  return text;
}

const read = (file: GrowingFile) => Buffer.concat([...file.news()]).toString();

test("it never fills more than its two files, and has the last of it", () => {
  const all = printLines(0, 250_000);
  expect(statSync(path).size).toBeLessThan(MOST_OUTPUT_BYTES);
  expect(statSync(`${path}.1`).size).toBeLessThan(MOST_OUTPUT_BYTES + 100);
  const text = read(new GrowingFile(path));
  expect(text.length).toBeGreaterThanOrEqual(MOST_OUTPUT_BYTES);
  expect(all.endsWith(text)).toBe(true);
});

test("who follows gets every byte once, across a full file", () => {
  const file = new GrowingFile(path);
  let [printed, heard] = ["", ""];
  for (let round = 0; round < 30; round++) {
    printed += printLines(round * 7000, 7000);
    heard += read(file);
  }
  expect(printed.length).toBeGreaterThan(2 * MOST_OUTPUT_BYTES);
  expect(heard === printed).toBe(true);
  expect(read(file)).toBe("");
});

test("a file that is not there yet has no news", () => {
  expect(read(new GrowingFile(join(folder, "none")))).toBe("");
});

test("a disk that takes no copy costs the older output, and nothing else", () => {
  const full = Fd.open("/dev/full", O.RDWR);
  const bounded = new BoundedOutput({ fd: current.number, older: full.number });
  current.writeAll(new Uint8Array(MOST_OUTPUT_BYTES));
  bounded.bound();
  expect(statSync(path).size).toBe(0);
  full.close();
});
