import { expect, test } from "bun:test";
import { readCpuid, writeCpuid } from "../../../../ffi/kvm/cpuid.ts";

test("entries survive the way through the kernel's structure", () => {
  const entries = [
    { leaf: 0, subleaf: 0, indexed: false, eax: 0x16, ebx: 1, ecx: 2, edx: 3 },
    { leaf: 4, subleaf: 3, indexed: true, eax: 0xffff_ffff, ebx: 0x8000_0000, ecx: 0, edx: 4 },
  ];
  const bytes = writeCpuid(entries);
  expect(bytes).toHaveLength(8 + 2 * 40);
  expect(readCpuid(bytes, 2)).toEqual(entries);
  expect(readCpuid(bytes, 1)).toEqual(entries.slice(0, 1));
});

test("no entries are an empty structure", () => {
  expect(writeCpuid([])).toEqual(new Uint8Array(8));
});
