/** Kernel configurations, as `.config` and `/boot/config-*` write them. */

/** Option names without `CONFIG_`, and their values: y, m, a number, a "string" with its quotes. What is off is not there. */
export type KernelConfig = ReadonlyMap<string, string>;

const LINE = /^CONFIG_(\w+)=(.*)$/;

export function parseKernelConfig(text: string): KernelConfig {
  const options = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name !== undefined && value !== undefined && value !== "n") options.set(name, value);
  }
  return options;
}

/** One option that differs. */
export interface ConfigDifference {
  readonly option: string;
  /** "n" where it is off. */
  readonly before: string;
  readonly after: string;
}

/** By name. */
export function diffConfigs(before: KernelConfig, after: KernelConfig): ConfigDifference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((option) => ({ option, before: before.get(option) ?? "n", after: after.get(option) ?? "n" }))
    .filter((difference) => difference.before !== difference.after);
}
