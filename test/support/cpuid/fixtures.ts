/** CPUID tables of real hosts, as their KVM gives them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";

export const HOSTS = ["cascade-lake", "milan", "sapphire-rapids-emulated", "qemu-amd"] as const;
export type HostName = (typeof HOSTS)[number];

export function hostCpuid(name: HostName): CpuidEntry[] {
  const lines = readFileSync(join(import.meta.dirname, `${name}.txt`), "utf8").split("\n");
  return lines.filter((line) => /^[0-9a-f]/.test(line)).map(entryOf);
}

function entryOf(line: string): CpuidEntry {
  const [leaf, subleaf, ...registers] = line.split(" ");
  const [eax, ebx, ecx, edx] = registers.map((text) => Number.parseInt(text, 16)) as [number, number, number, number];
  const indexed = subleaf !== "-";
  const index = indexed ? Number.parseInt(subleaf!, 16) : 0;
  return { leaf: Number.parseInt(leaf!, 16), subleaf: index, indexed, eax, ebx, ecx, edx };
}
