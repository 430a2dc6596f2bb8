/** What a kernel of volt's is asked to have: fragments of a configuration, and single settings over them. */
import base from "../../../kernels/base.config" with { type: "text" };
import debug from "../../../kernels/debug.config" with { type: "text" };
import fs from "../../../kernels/fs.config" with { type: "text" };
import net from "../../../kernels/net.config" with { type: "text" };
import security from "../../../kernels/security.config" with { type: "text" };
import { ConfigError } from "../../config/error.ts";
import { printable } from "../../config/printable.ts";

const FRAGMENTS: Readonly<Record<string, string>> = { base, net, fs, security, debug };
/** Without others asked for. */
export const DEFAULT_FRAGMENTS = ["base", "net", "fs", "security"] as const;
export const FRAGMENT_NAMES = Object.keys(FRAGMENTS);

/** Characters of a wrong line that a message has. */
const SHOWN = 60;

/** What one option shall be, and who says so. */
export interface Wish {
  readonly option: string;
  /** "n" for off. */
  readonly value: string;
  /** A fragment's name or path, or "--set". */
  readonly by: string;
}

/**
 * The wishes of fragments and settings; a later one wins over an earlier.
 * @param read how a fragment that is a file is read
 * @throws ConfigError
 */
export function collectWishes(
  fragments: readonly string[],
  settings: readonly string[],
  read: (path: string) => string,
): Wish[] {
  const wishes = new Map<string, Wish>();
  for (const name of [...DEFAULT_FRAGMENTS, ...fragments]) {
    const text = Object.hasOwn(FRAGMENTS, name) ? FRAGMENTS[name]! : read(name);
    for (const wish of parseFragment(text, name)) wishes.set(wish.option, wish);
  }
  for (const setting of settings) {
    const wish = parseLine(setting.startsWith("CONFIG_") ? setting : `CONFIG_${setting}`, "--set");
    if (!wish)
      throw new ConfigError("", "--set", `"${setting}" is no setting: write OPTION=y, OPTION=n or OPTION=VALUE`);
    wishes.set(wish.option, wish);
  }
  return [...wishes.values()];
}

/** As a .config, for KCONFIG_ALLCONFIG. */
export function wishesText(wishes: readonly Wish[]): string {
  return wishes
    .map(({ option, value }) => (value === "n" ? `# CONFIG_${option} is not set\n` : `CONFIG_${option}=${value}\n`))
    .join("");
}

function parseFragment(text: string, by: string): Wish[] {
  return text.split("\n").flatMap((line, index) => {
    const wish = parseLine(line, by);
    if (wish) return [wish];
    if (/^\s*(#.*)?$/.test(line)) return [];
    throw new ConfigError(by, `line ${index + 1}`, `"${shortened(line)}" is no setting: write CONFIG_OPTION=y`);
  });
}

/** As much of a line as tells what it is: a file given by mistake may have no other. */
function shortened(line: string): string {
  return printable(line.length > SHOWN ? `${line.slice(0, SHOWN)}...` : line);
}

function parseLine(line: string, by: string): Wish | undefined {
  const [, off] = /^# CONFIG_(\w+) is not set$/.exec(line) ?? [];
  if (off !== undefined) return { option: off, value: "n", by };
  const [, option, value] = /^CONFIG_(\w+)=(y|m|n|-?\d+|0x[0-9a-fA-F]+|"[^"]*")(?:\s+#.*)?$/.exec(line.trim()) ?? [];
  return option === undefined || value === undefined ? undefined : { option, value, by };
}
