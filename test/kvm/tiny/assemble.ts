/** Guest code from assembly text, by the GNU assembler and linker. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What was assembled before: two processes a program are slow on a nested machine. */
const assembled = new Map<string, Uint8Array>();

/**
 * Machine code of Intel-syntax assembly.
 * @param bits 16 for real mode, 64 for long mode
 * @param address where it will run, so that labels are right
 * @throws Error carrying the assembler's words
 */
export function assemble(text: string, bits: 16 | 64, address: number): Uint8Array {
  const key = `${bits} ${address} ${text}`;
  const code = assembled.get(key) ?? assembleAnew(text, bits, address);
  assembled.set(key, code);
  return code;
}

function assembleAnew(text: string, bits: 16 | 64, address: number): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "volt-guest-"));
  const object = join(folder, "code.o");
  const image = join(folder, "code");
  try {
    const source = `.intel_syntax noprefix\n.code${bits}\n.globl _start\n_start:\n${text}\n`;
    command(["as", "-o", object, "-"], source);
    command(["ld", "--oformat=binary", "-N", `-Ttext=0x${address.toString(16)}`, "-o", image, object]);
    return readFileSync(image);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function command(words: string[], input = ""): void {
  const { exitCode, stderr } = Bun.spawnSync(words, { stdin: Buffer.from(input) });
  if (exitCode !== 0) throw new Error(`${words[0]} (package binutils):\n${stderr.toString()}`);
}
