/** How two CPU templates differ. */
import type { CpuTemplate } from "../../config/cpu-template.ts";
import { bitName, featureWord } from "../cpuid/features.ts";
import type { Register } from "../cpuid/table.ts";
import { type Bitmap, formatBitmap, parseBitmap } from "./bitmap.ts";

export interface Difference {
  /** `leaf 0x7 ebx: avx2`, `leaf 0x1 eax`, `MSR 0x10a`, `KVM capability 136`. */
  readonly where: string;
  /** What each side says: 0, 1 or x of a feature, a whole bitmap of a number. */
  readonly a: string;
  readonly b: string;
}

const NOTHING: Bitmap = { mask: 0n, value: 0n };

/**
 * In the order of leaves, MSRs, capabilities.
 * @param onlyCommon leaves out what one of them says nothing about: what it leaves as it is can't differ from a host
 */
export function compareTemplates(a: CpuTemplate, b: CpuTemplate, onlyCommon = false): Difference[] {
  const whole = { cpuid: [cpuidCells(a), cpuidCells(b)], msrs: [msrCells(a), msrCells(b)] } as const;
  const [cpuidA, cpuidB] = onlyCommon ? common(...whole.cpuid) : whole.cpuid;
  const [msrA, msrB] = onlyCommon ? common(...whole.msrs) : whole.msrs;
  const [hasA, hasB] = [new Set(a.kvm_capabilities), new Set(b.kvm_capabilities)];
  return [
    ...keysOf(cpuidA, cpuidB).flatMap((key) => cellDifferences(cpuidA.get(key), cpuidB.get(key))),
    ...keysOf(msrA, msrB).flatMap((key) => wholeDifference(`MSR 0x${key.toString(16)}`, msrA.get(key), msrB.get(key))),
    ...[...hasA.symmetricDifference(hasB)].map((capability) => ({
      where: `KVM capability ${capability}`,
      a: hasA.has(capability) ? "named" : "-",
      b: hasB.has(capability) ? "named" : "-",
    })),
  ];
}

interface Cell extends Bitmap {
  readonly leaf: number;
  readonly subleaf: number;
  readonly register: Register;
}

const REGISTER_ORDER: Readonly<Record<Register, number>> = { eax: 0, ebx: 1, ecx: 2, edx: 3 };

/** By leaf, subleaf and register, as one number that sorts. */
function cpuidCells({ cpuid_modifiers }: CpuTemplate): Map<number, Cell> {
  const cells = cpuid_modifiers.flatMap(({ leaf, subleaf, modifiers }) =>
    modifiers.map(({ register, bitmap }) => {
      const cell = { leaf: Number(leaf), subleaf: Number(subleaf), register, ...parseBitmap(bitmap) };
      return [(cell.leaf * 2 ** 16 + cell.subleaf) * 4 + REGISTER_ORDER[register], cell] as const;
    }),
  );
  return new Map(cells);
}

function msrCells({ msr_modifiers }: CpuTemplate): Map<number, Bitmap> {
  return new Map(msr_modifiers.map(({ addr, bitmap }) => [Number(addr), parseBitmap(bitmap)]));
}

/** Both, with the bits that both speak of. */
function common<B extends Bitmap>(
  a: ReadonlyMap<number, B>,
  b: ReadonlyMap<number, B>,
): [Map<number, B>, Map<number, B>] {
  const shared = (of: ReadonlyMap<number, B>, other: ReadonlyMap<number, B>) =>
    new Map(
      [...of].map(([key, cell]) => {
        const mask = cell.mask & (other.get(key)?.mask ?? 0n);
        return [key, { ...cell, mask, value: cell.value & mask }] as const;
      }),
    );
  return [shared(a, b), shared(b, a)];
}

function keysOf(a: ReadonlyMap<number, unknown>, b: ReadonlyMap<number, unknown>): number[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => x - y);
}

/** A line a bit where bits are features, one for all of a number. */
function cellDifferences(a: Cell | undefined, b: Cell | undefined): Difference[] {
  const { leaf, subleaf, register } = (a ?? b)!;
  const place = `leaf 0x${leaf.toString(16)}${subleaf === 0 ? "" : `.${subleaf}`} ${register}`;
  const word = featureWord(leaf, subleaf, register);
  if (!word) return wholeDifference(place, a, b, 32);
  return Array.from({ length: 32 }, (_, bit) => bit).flatMap((bit) => {
    const [left, right] = [bitOf(a, bit), bitOf(b, bit)];
    return left === right ? [] : [{ where: `${place}: ${bitName(word, bit)}`, a: left, b: right }];
  });
}

function wholeDifference(where: string, a = NOTHING, b = NOTHING, bits = 64): Difference[] {
  if (a.mask === b.mask && a.value === b.value) return [];
  return [{ where, a: numberOf(a, bits), b: numberOf(b, bits) }];
}

/** A number that is said in full reads best in hexadecimal. */
function numberOf(bitmap: Bitmap, bits: number): string {
  if (bitmap.mask === 0n) return "-";
  return bitmap.mask === (1n << BigInt(bits)) - 1n ? `0x${bitmap.value.toString(16)}` : formatBitmap(bitmap, bits);
}

function bitOf({ mask, value }: Bitmap = NOTHING, bit: number): string {
  const at = 1n << BigInt(bit);
  if ((mask & at) === 0n) return "x";
  return value & at ? "1" : "0";
}
