/** `bun run check`: types, lint, format. */

/** What is checked, and by which command. */
export const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: ["tsc", "--noEmit", "-p", "."],
  "lint and format": ["biome", "ci", "--colors=off", "--error-on-warnings", "."],
};

/** Runs one, its output shown only if it fails. */
export function passes(name: string): boolean {
  const root = `${import.meta.dirname}/..`;
  const [program = "", ...args] = CHECKS[name] ?? [];
  const { success, stdout, stderr } = Bun.spawnSync([`${root}/node_modules/.bin/${program}`, ...args], { cwd: root });
  console.log(`${success ? "ok  " : "FAIL"}  ${name}`);
  if (!success) console.log(`${stdout}${stderr}`);
  return success;
}

if (import.meta.main) process.exitCode = Object.keys(CHECKS).map(passes).every(Boolean) ? 0 : 1;
