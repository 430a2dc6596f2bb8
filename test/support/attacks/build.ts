/** The volt that attackers have taken over: see volt.ts. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { compileVolt } from "../../../build.ts";
import { ROOT } from "../source-tree.ts";

/** Builds it, unless one is there that is newer than dist/volt. @returns where it is */
export function attackedVolt(): string {
  const folder = join(ROOT, "dist/test");
  const [path, volt] = [join(folder, "attacked-volt"), join(ROOT, "dist/volt")];
  if (existsSync(path) && existsSync(volt) && statSync(path).mtimeMs > statSync(volt).mtimeMs) return path;
  mkdirSync(folder, { recursive: true });
  compileVolt(path, "test/support/attacks/volt.ts");
  return path;
}
