import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXITS, exitLoop, PRINT_AND_END, writePrintAndEnd, writeTinyKernel } from "../../../../bench/guests/tiny.ts";
import { parseKernel } from "../../../../src/boot/kernel.ts";
import { bytesSource } from "../../../../src/boot/source.ts";

const folder = mkdtempSync(join(tmpdir(), "volt-tiny-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a tiny guest is an ELF file with a PVH entry", () => {
  const path = join(folder, "kernel");
  writeTinyKernel(path, PRINT_AND_END);
  const limits = { lowest: 0x10_0000, highest: Number.MAX_SAFE_INTEGER };
  expect(parseKernel(bytesSource(path, readFileSync(path)), limits)).toMatchObject({ pvhEntry: 0x100_0000 });
});

test.each(Object.entries(EXITS))("the loop of a %s jumps back to just what it repeats", (_, code) => {
  const loop = exitLoop(code, 1000);
  const jump = loop.indexOf(0x75, 12 + code.length);
  const target = jump + 2 + (loop[jump + 1]! - 256);
  expect([...loop.subarray(target, target + code.length)]).toEqual([...code]);
});

test("kvmtool's copy of the guest does the same: a byte on the console, then a reset", () => {
  const { kernel, flat } = writePrintAndEnd(folder);
  expect(parseKernel(bytesSource(kernel, readFileSync(kernel)), { lowest: 0x10_0000, highest: 2 ** 32 })).toBeDefined();
  const hex = readFileSync(flat).toString("hex");
  // mov dx, 0x3f8; mov al, "!"; out dx, al; mov al, 0xfe; out 0x64, al
  expect(hex).toStartWith(["baf803", "b021", "ee", "b0fe", "e664"].join(""));
});
