/** `PATH,name=value,word`: what a flag that describes a device takes. */
import { ConfigError } from "../config/error.ts";

/** The options a flag knows, and what each takes. */
export type OptionKinds = Readonly<Record<string, "value" | "number" | "word">>;

/** What was given: a value's text, a number, true for a word. */
export type Options<K extends OptionKinds> = {
  [Name in keyof K]?: { value: string; number: number; word: true }[K[Name]];
};

/**
 * @param first what the value without a name in front is called, where there is one: `PATH`
 * @throws ConfigError that names the flag and the option
 */
export function parseOptions<K extends OptionKinds>(
  text: string,
  flag: string,
  kinds: K,
  first?: string,
): Options<K> & { readonly first: string } {
  const words = text.split(",");
  const found: Record<string, string | number | true> = {};
  const leading = first === undefined ? "" : (words.shift() ?? "");
  if (first !== undefined && leading === "") throw new ConfigError("", flag, `needs a value: ${flag} ${first}`);
  for (const word of words) {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind) {
      throw new ConfigError("", flag, `"${name}" is no option of it: there are ${Object.keys(kinds).join(", ")}`);
    }
    if (Object.hasOwn(found, name)) throw new ConfigError("", flag, `${name} is given twice: once is enough`);
    found[name] = optionValue(kind, name, equals < 0 ? undefined : word.slice(equals + 1), flag);
  }
  return { ...(found as Options<K>), first: leading };
}

function optionValue(kind: OptionKinds[string], name: string, value: string | undefined, flag: string) {
  if (kind === "word") {
    if (value !== undefined) throw new ConfigError("", flag, `${name} takes no value`);
    return true;
  }
  if (value === undefined || value === "") throw new ConfigError("", flag, `${name} needs a value: ${name}=...`);
  if (kind === "value") return value;
  if (!/^\d+$/.test(value)) throw new ConfigError("", flag, `${name}: "${value}" is no number`);
  return Number(value);
}
