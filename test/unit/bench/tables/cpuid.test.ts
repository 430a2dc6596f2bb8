import { expect, test } from "bun:test";
import { cpuidFacts, readDump } from "../../../../bench/tables/cpuid.ts";
import { machineCpuid, vcpuCpuid } from "../../../../src/cpu/cpuid/guest.ts";
import { dumpTemplate } from "../../../../src/cpu/template/dump.ts";
import { hostCpuid } from "../../../support/cpuid/fixtures.ts";

/** The processor that the reference's report is of. */
const host = hostCpuid("cascade-lake");
const guest = vcpuCpuid(machineCpuid(host, { vcpus: 1, tscDeadline: true, brand: "" }), 0);
const dumped = readDump(dumpTemplate(guest, () => undefined));
const facts = new Map(cpuidFacts(dumped));

test("a dump is read back as the table it was made of", () => {
  const sorted = guest.toSorted((a, b) => a.leaf - b.leaf || a.subleaf - b.subleaf);
  expect(dumped.map(({ leaf, subleaf, eax, ebx, ecx, edx }) => [leaf, subleaf, eax, ebx, ecx, edx])).toEqual(
    sorted.map(({ leaf, subleaf, eax, ebx, ecx, edx }) => [leaf, subleaf, eax, ebx, ecx, edx]),
  );
});

test("the reference's rows are told with their features by name", () => {
  expect(facts.get("entries")).toBe(String(guest.length));
  expect(facts.get("0x0 vendor")).toBe("GenuineIntel");
  expect(facts.get("0x40000000, the hypervisor")).toBe("KVMKVMKVM");
  expect(facts.get("0x1 ecx")).toMatch(/^0x[0-9a-f]{8}: .*\bsse3\b.*\bhypervisor$/);
  expect(facts.get("0x80000001 edx")).toContain("rdtscp lm");
});

test("what the reference takes away is not there, and what it adds is", () => {
  expect(facts.get("of the reference's list, there")).toBe("hypervisor");
  expect(facts.get("of the reference's list, left out")).toContain("vmx");
});
