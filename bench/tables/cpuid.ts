/** What CPUID tells a guest on this host: each row of the reference's table, and which features are left out. */
import type { CpuidEntry } from "../../ffi/kvm/cpuid.ts";
import type { CpuTemplate } from "../../src/config/cpu-template.ts";
import { bitName, FEATURE_WORDS, featureWord } from "../../src/cpu/cpuid/features.ts";
import { findEntry, REGISTERS, type Register } from "../../src/cpu/cpuid/table.ts";
import type { Table } from "./table.ts";

/** The registers that the reference's report shows. */
const ROWS: readonly (readonly [leaf: number, register: Register])[] = [
  [0x1, "ecx"],
  [0x1, "edx"],
  [0x7, "ebx"],
  [0x7, "ecx"],
  [0x7, "edx"],
  [0x8000_0001, "ecx"],
  [0x8000_0001, "edx"],
];
/** Features that the reference's policy is about: the ones it takes away, and the one it adds. */
const WATCHED =
  "dtes64 monitor ds_cpl vmx smx eist tm2 pdcm mce mca acpi htt hle rtm rdt_m rdt_a mpx pku ospke la57 svm hypervisor".split(
    " ",
  );
const CLEARED_LEAVES = [0x6, 0xa];

export const cpuid: Table = {
  name: "cpuid",
  async measure(context) {
    const host = await context.host(context.places.tiny);
    const { status, stdout, stderr } = await host.run([context.volt.path, "cpu", "dump"]);
    if (status !== 0) throw new Error(`volt cpu dump: ${stderr}`);
    const guest = readDump(JSON.parse(stdout.toString()) as CpuTemplate);
    return {
      table: "cpuid",
      title: "CPUID, as a guest here sees it",
      place: context.places.tiny,
      method: "`volt cpu dump`: KVM's supported entries with volt's policy over them, for one vCPU.",
      metrics: [],
      facts: cpuidFacts(guest),
    };
  },
};

/** @param template one that names every bit, as `volt cpu dump` prints it */
export function readDump({ cpuid_modifiers = [] }: CpuTemplate): CpuidEntry[] {
  return cpuid_modifiers.map(({ leaf, subleaf, flags, modifiers }) => {
    const value = (name: Register) => Number(modifiers.find(({ register }) => register === name)?.bitmap ?? 0);
    const registers = { eax: value("eax"), ebx: value("ebx"), ecx: value("ecx"), edx: value("edx") };
    return { leaf: Number(leaf), subleaf: Number(subleaf), indexed: flags === 1, ...registers };
  });
}

/** 0 where there is no such leaf, as a processor answers. */
function registerOf(table: readonly CpuidEntry[], leaf: number, register: Register, subleaf = 0): number {
  return findEntry(table, leaf, subleaf)?.[register] ?? 0;
}

/** The names of the features that a register claims; bits without one repeat others, or are numbers. */
function featuresOf(table: readonly CpuidEntry[], leaf: number, register: Register, subleaf = 0): string[] {
  const value = registerOf(table, leaf, register, subleaf);
  return Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => (value >>> bit) & 1)
    .map((bit) => bitName(featureWord(leaf, subleaf, register), bit))
    .filter((name) => !name.startsWith("bit "));
}

export function cpuidFacts(guest: readonly CpuidEntry[]): [string, string][] {
  const claimed = new Set(
    FEATURE_WORDS.flatMap(({ leaf, register, subleaf }) => featuresOf(guest, leaf, register, subleaf)),
  );
  const isCleared = (leaf: number) => REGISTERS.every((one) => registerOf(guest, leaf, one) === 0);
  const leaves = (cleared: boolean) => CLEARED_LEAVES.filter((leaf) => isCleared(leaf) === cleared).map(hex);
  return [
    ["entries", String(guest.length)],
    ["0x0 eax, the last standard leaf", String(registerOf(guest, 0, "eax"))],
    ["0x0 vendor", text(guest, 0, ["ebx", "edx", "ecx"])],
    ...ROWS.map(([leaf, register]): [string, string] => {
      const value = registerOf(guest, leaf, register);
      return [`${hex(leaf)} ${register}`, `${hex(value, 8)}: ${featuresOf(guest, leaf, register).join(" ")}`];
    }),
    ["0x40000000, the hypervisor", text(guest, 0x4000_0000, ["ebx", "ecx", "edx"])],
    ["of the reference's list, there", WATCHED.filter((name) => claimed.has(name)).join(" ")],
    ["of the reference's list, left out", WATCHED.filter((name) => !claimed.has(name)).join(" ")],
    ["leaves without anything, of 0x6 (power) and 0xa (performance counters)", leaves(true).join(" ") || "none"],
  ];
}

function text(guest: readonly CpuidEntry[], leaf: number, registers: readonly Register[]): string {
  const bytes = Buffer.alloc(4 * registers.length);
  registers.forEach((register, i) => void bytes.writeUInt32LE(registerOf(guest, leaf, register), 4 * i));
  return bytes.toString("latin1").replace(/\0+$/, "");
}

function hex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
