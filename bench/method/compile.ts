import { join } from "node:path";

/**
 * Makes a program of a file beside this one, static, so that it runs anywhere and starts at once.
 * @throws Error with what the compiler said
 */
export function compileC(source: string, output: string): void {
  const flags = ["-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-static"];
  const { success, stderr } = Bun.spawnSync(["gcc", ...flags, "-o", output, join(import.meta.dirname, source)]);
  if (!success) throw new Error(`${source} does not compile (packages gcc, libc6-dev, linux-libc-dev): ${stderr}`);
}
