/**
 * Leaf 0xD says which register state XSAVE keeps, and where. It must agree with the features the guest is offered: Linux
 * adds up the sizes itself, and warns where they differ.
 */
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import { cleared, findEntry, hasBit, Leaf, type Register, withBits } from "./table.ts";

interface Feature {
  readonly leaf: number;
  readonly register: Register;
  readonly bit: number;
}

const XSAVE: Feature = { leaf: Leaf.features, register: "ecx", bit: 26 };
const AVX: Feature = { leaf: Leaf.features, register: "ecx", bit: 28 };
const MPX: Feature = { leaf: Leaf.extendedFeatures, register: "ebx", bit: 14 };
const AVX512F: Feature = { leaf: Leaf.extendedFeatures, register: "ebx", bit: 16 };
const PKU: Feature = { leaf: Leaf.extendedFeatures, register: "ecx", bit: 3 };
const AMX_TILE: Feature = { leaf: Leaf.extendedFeatures, register: "edx", bit: 24 };

/** State components of XCR0, by bit, and the feature each belongs to (SDM volume 1, 13.1). */
const COMPONENTS: ReadonlyMap<number, Feature> = new Map([
  [2, AVX],
  [3, MPX],
  [4, MPX],
  [5, AVX512F],
  [6, AVX512F],
  [7, AVX512F],
  [9, PKU],
  [17, AMX_TILE],
  [18, AMX_TILE],
]);
const FIRST_COMPONENT = 2;

/** AMX is only there when the kernel lets this process have its state, and KVM names the features all the same. */
const TILE_STATE = 2 ** 17 + 2 ** 18;
const AMX_BITS = 2 ** 22 + 2 ** 24 + 2 ** 25;
const AMX_FP16 = 2 ** 21;
const AMX_COMPLEX = 2 ** 8;

/** x87 and SSE state, 512 bytes, and the header: what XSAVE writes at least. */
const LEGACY_AREA = 576;
const XSAVEC = 1 << 1;
const XSAVES = 1 << 3;

/** The table with leaf 0xD and the features above in agreement. */
export function matchXsave(table: readonly CpuidEntry[]): CpuidEntry[] {
  const main = findEntry(table, Leaf.xsave);
  const hasTiles = main !== undefined && (main.eax & TILE_STATE) === TILE_STATE;
  const features = hasTiles ? table : withoutAmx(table);
  if (!main || !offers(features, XSAVE)) return features.filter(isNoXsave).concat(main ? [cleared(main)] : []);

  const kept = [...COMPONENTS].filter(([, feature]) => offers(features, feature)).map(([component]) => component);
  const mask = kept.reduce((bits, component) => bits + 2 ** component, 0b11);
  const eax = (main.eax & mask) >>> 0;
  return features.flatMap((entry) => {
    if (entry.leaf !== Leaf.xsave) return [entry];
    if (entry.subleaf === 0) return [{ ...entry, eax, ebx: LEGACY_AREA, ecx: areaSize(features, eax) }];
    if (entry.subleaf === 1) return [{ ...entry, ebx: entry.eax & (XSAVEC | XSAVES) ? LEGACY_AREA : 0 }];
    return !COMPONENTS.has(entry.subleaf) || kept.includes(entry.subleaf) ? [entry] : [];
  });
}

function isNoXsave({ leaf }: CpuidEntry): boolean {
  return leaf !== Leaf.xsave;
}

function offers(table: readonly CpuidEntry[], feature: Feature): boolean {
  return hasBit(table, feature, feature.bit);
}

/** The standard format's size with all of `components`: offsets are fixed, so a hole stays one. */
function areaSize(table: readonly CpuidEntry[], components: number): number {
  const ends = table
    .filter(({ leaf, subleaf }) => leaf === Leaf.xsave && subleaf >= FIRST_COMPONENT && (components >>> subleaf) & 1)
    .map(({ eax: size, ebx: offset }) => offset + size);
  return Math.max(LEGACY_AREA, ...ends);
}

function withoutAmx(table: readonly CpuidEntry[]): readonly CpuidEntry[] {
  return table.map((entry) => {
    if (entry.leaf !== Leaf.extendedFeatures) return entry;
    if (entry.subleaf === 0) return withBits(entry, "edx", AMX_BITS, 0);
    if (entry.subleaf === 1) return withBits(withBits(entry, "eax", AMX_FP16, 0), "edx", AMX_COMPLEX, 0);
    return entry;
  });
}
