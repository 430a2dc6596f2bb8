/** Asks the system's C headers, by way of its compiler, what a structure or constant is. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** C expressions by a name of the asker's, and the header that gives them meaning. */
export interface Question {
  readonly header: string;
  readonly name: string;
  /** A constant expression of any integer type. */
  readonly expression: string;
}

/**
 * The value of every expression, by the question's name.
 *
 * Each header gets a C file of its own, since kernel and glibc headers that define the same names refuse each other's
 * company; together they are one program.
 * @throws Error carrying the compiler's words
 */
export function askHeaders(questions: readonly Question[]): Map<string, bigint> {
  const headers = [...new Set(questions.map(({ header }) => header))];
  const folder = mkdtempSync(join(tmpdir(), "volt-headers-"));
  try {
    const sources = headers.map((header, i) => {
      const file = join(folder, `header${i}.c`);
      const asked = questions.filter((question) => question.header === header);
      writeFileSync(file, translationUnit(header, `header${i}`, asked));
      return file;
    });
    const main = join(folder, "main.c");
    writeFileSync(main, mainUnit(headers.length));
    const program = join(folder, "facts");
    command(["gcc", "-D_GNU_SOURCE", "-O0", "-o", program, main, ...sources]);
    const lines = command([program]).trim().split("\n");
    return new Map(lines.map((line) => line.split("\t")).map(([name, value]) => [name!, BigInt(value!)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function translationUnit(header: string, name: string, questions: readonly Question[]): string {
  const lines = questions.map(
    (asked) => `  printf("%s\\t%lld\\n", "${asked.name}", (long long)(${asked.expression}));`,
  );
  // <linux/if_tun.h> uses _IOW and leaves it to others to define it.
  const includes = ["asm/ioctl.h", header, "stddef.h", "stdio.h"].map((name) => `#include <${name}>`);
  return [...includes, `void ${name}(void) {`, ...lines, "}", ""].join("\n");
}

function mainUnit(units: number): string {
  const names = Array.from({ length: units }, (_, i) => `header${i}`);
  const declared = names.map((name) => `void ${name}(void);`);
  return [...declared, "int main(void) {", ...names.map((name) => `  ${name}();`), "  return 0;", "}", ""].join("\n");
}

function command(words: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(words);
  if (exitCode !== 0) throw new Error(`${words[0]} (packages gcc, libc6-dev, linux-libc-dev):\n${stderr.toString()}`);
  return stdout.toString();
}
