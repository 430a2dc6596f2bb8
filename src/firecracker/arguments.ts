/** Firecracker's command line: `--name value` in two words, each once, nothing unknown; what follows `--` is not looked at. */

/** Its message is what Firecracker says. */
export class ArgumentsError extends Error {
  override readonly name = "ArgumentsError";
}

const FLAGS = ["no-api", "boot-timer", "show-level", "show-log-origin", "no-seccomp", "enable-pci"] as const;
const INFORMATION = ["version", "help", "snapshot-version"] as const;
const VALUES = [
  ...(["api-sock", "id", "config-file", "metadata", "log-path", "level", "module", "metrics-path"] as const),
  ...(["start-time-us", "start-time-cpu-us", "parent-cpu-time-us", "seccomp-filter"] as const),
  ...(["http-api-max-payload-size", "mmds-size-limit", "describe-snapshot"] as const),
] as const;

/** volt's own, which may be given more than once. */
const ALLOW_PATH = "allow-path";

type Flag = (typeof FLAGS)[number] | (typeof INFORMATION)[number];
type Value = (typeof VALUES)[number];
export type FirecrackerArguments = { readonly [K in Flag]?: true } & { readonly [K in Value]?: string } & {
  readonly [ALLOW_PATH]?: readonly string[];
};

/** What wins over all others. */
const FIRST = [
  ["--version", "version"],
  ["--help", "help"],
  ["-h", "help"],
] as const;

/** @throws ArgumentsError */
export function parseArguments(argv: readonly string[]): FirecrackerArguments {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  for (const [word, name] of FIRST) if (words.includes(word)) return { [name]: true };
  const found: Record<string, string | true | string[]> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const name = word.startsWith("--") ? word.slice(2) : "";
    const takesValue = name === ALLOW_PATH || (VALUES as readonly string[]).includes(name);
    if (!takesValue && !([...FLAGS, ...INFORMATION] as readonly string[]).includes(name)) throw unexpected(word);
    if (name !== ALLOW_PATH && Object.hasOwn(found, name))
      throw new ArgumentsError(`The argument '${name}' was provided more than once.`);
    if (!takesValue) {
      found[name] = true;
      continue;
    }
    const value = words[++i];
    if (value === undefined || value.startsWith("--")) {
      throw new ArgumentsError(`The argument '${name}' requires a value, but none was supplied.`);
    }
    if (name === ALLOW_PATH) found[name] = [...((found[name] as string[] | undefined) ?? []), value];
    else found[name] = value;
  }
  if (found["no-api"] && !found["config-file"]) {
    throw new ArgumentsError("Argument 'config-file' required, but not found.");
  }
  if (found["no-seccomp"] && found["seccomp-filter"]) {
    throw new ArgumentsError("Argument 'no-seccomp' cannot be used together with argument 'seccomp-filter'.");
  }
  return found as FirecrackerArguments;
}

function unexpected(word: string): ArgumentsError {
  return new ArgumentsError(`Found argument '${word}' which wasn't expected, or isn't valid in this context.`);
}
