/** Whether every option is what it was asked to be, and if not, why. */
import type { KernelConfig } from "../config-file.ts";
import { unmetParts } from "./expression.ts";
import type { Wish } from "./fragments.ts";
import type { KconfigTree } from "./kconfig.ts";

/** A wish that did not come true. */
export interface Dropped {
  readonly option: string;
  readonly wanted: string;
  readonly got: string;
  readonly by: string;
  /** The dependency that is missing, or what else is in the way. */
  readonly why: string;
}

/** @param tree read only when something was dropped */
export function droppedWishes(wishes: readonly Wish[], result: KernelConfig, tree: () => KconfigTree): Dropped[] {
  return wishes.flatMap(({ option, value, by }) => {
    const got = result.get(option) ?? "n";
    return got === value ? [] : [{ option, wanted: value, got, by, why: reason(option, value, got, result, tree()) }];
  });
}

/** @returns the whole story in one line */
export function droppedText({ option, wanted, got, by, why }: Dropped): string {
  return `CONFIG_${option}=${wanted} (${by}) became ${got}: ${why}`;
}

function reason(name: string, wanted: string, got: string, result: KernelConfig, tree: KconfigTree): string {
  const option = tree.get(name);
  if (!option) return "this kernel has no such option";
  if (wanted === "n") return "another option selects it";
  // Of several definitions, the one that lacks least.
  const [unmet = []] = option.dependencies
    .map((conditions) => conditions.flatMap((condition) => unmetParts(condition, result, got)))
    .sort((a, b) => a.length - b.length);
  const lowers = got === "m" ? " (m)" : "";
  if (unmet.length > 0) return `it depends on ${[...new Set(unmet)].map((part) => `${part}${lowers}`).join(" and ")}`;
  return option.hasPrompt
    ? "another choice excludes it, or a tool for it is missing"
    : "it can't be set, only selected";
}
