/** A CPU template over the table a guest would get without it. */
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import type { CpuTemplate } from "../../config/cpu-template.ts";
import { ConfigError } from "../../config/error.ts";
import { bitName, featureWord } from "../cpuid/features.ts";
import { findEntry, type Register, withBits } from "../cpuid/table.ts";
import { parseBitmap } from "./bitmap.ts";

export interface NamedTemplate {
  /** A name of volt's, or where it is from. */
  readonly name: string;
  readonly template: CpuTemplate;
  /** volt's own speak of leaves that not every host has: there they have nothing to take away. */
  readonly ownLeavesOnly: boolean;
}

/** One register's change. */
interface Change {
  readonly leaf: number;
  readonly subleaf: number;
  readonly register: Register;
  readonly mask: number;
  readonly value: number;
}

/**
 * @param table what the policy made, which may be more (HYPERVISOR) or less (VMX) than KVM's
 * @param supported KVM's own: a template may give back what the policy took
 * @throws ConfigError that lists the features and leaves the host lacks
 */
export function applyTemplate(
  table: readonly CpuidEntry[],
  supported: readonly CpuidEntry[],
  { name, template, ownLeavesOnly }: NamedTemplate,
): CpuidEntry[] {
  const changes = changesOf(template);
  const isKnown = ({ leaf, subleaf }: Change) => findEntry(table, leaf, subleaf) !== undefined;
  const unknown = changes.filter((change) => !isKnown(change) && (!ownLeavesOnly || change.value !== 0));
  const lacking = changes.filter(isKnown).flatMap((change) => missingBits(change, table, supported));
  const missing = [...new Set([...unknown.map(leafName), ...lacking])];
  if (missing.length > 0) {
    throw new ConfigError("", `CPU template ${name}`, `this host lacks ${missing.join(", ")}: see \`volt cpu dump\``);
  }
  return table.map((entry) =>
    changes
      .filter(({ leaf, subleaf }) => leaf === entry.leaf && subleaf === entry.subleaf)
      .reduce((now, { register, mask, value }) => withBits(now, register, mask, value), entry),
  );
}

function changesOf(template: CpuTemplate): Change[] {
  return template.cpuid_modifiers.flatMap(({ leaf, subleaf, modifiers }) =>
    modifiers.map(({ register, bitmap }) => {
      const { mask, value } = parseBitmap(bitmap);
      return { leaf: Number(leaf), subleaf: Number(subleaf), register, mask: Number(mask), value: Number(value) };
    }),
  );
}

/** Features a change switches on that neither KVM nor volt has. Of registers that hold numbers any value will do. */
function missingBits(change: Change, table: readonly CpuidEntry[], supported: readonly CpuidEntry[]): string[] {
  const { leaf, subleaf, register, value } = change;
  const word = featureWord(leaf, subleaf, register);
  if (!word) return [];
  const has = (of: readonly CpuidEntry[]) => findEntry(of, leaf, subleaf)?.[register] ?? 0;
  const missing = (value & ~(has(table) | has(supported))) >>> 0;
  const bits = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (missing >>> bit) & 1);
  return bits.map((bit) => {
    const name = bitName(word, bit);
    const place = `${leafName(change)} ${register}`;
    return name.startsWith("bit ") ? `${place} ${name}` : `${name} (${place} bit ${bit})`;
  });
}

function leafName({ leaf, subleaf }: Pick<Change, "leaf" | "subleaf">): string {
  return `leaf 0x${leaf.toString(16)}${subleaf === 0 ? "" : `.${subleaf}`}`;
}
