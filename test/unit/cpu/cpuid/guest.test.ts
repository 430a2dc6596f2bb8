import { describe, expect, test } from "bun:test";
import type { CpuidEntry } from "../../../../ffi/kvm/cpuid.ts";
import { FEATURE_WORDS } from "../../../../src/cpu/cpuid/features.ts";
import { machineCpuid, vcpuCpuid } from "../../../../src/cpu/cpuid/guest.ts";
import { POLICY_BITS } from "../../../../src/cpu/cpuid/policy.ts";
import { findEntry, hasBit } from "../../../../src/cpu/cpuid/table.ts";
import { HOSTS, hostCpuid } from "../../../support/cpuid/fixtures.ts";

const BRAND = "Intel(R) Xeon(R) Silver 4210R CPU @ 2.40GHz";
const HTT = 28;

function guest(supported: readonly CpuidEntry[], vcpus = 1, vcpu = 0, tscDeadline = true): CpuidEntry[] {
  return vcpuCpuid(machineCpuid(supported, { vcpus, tscDeadline, brand: BRAND }), vcpu);
}

const entry = (table: readonly CpuidEntry[], leaf: number, subleaf = 0) => findEntry(table, leaf, subleaf)!;
/** Names of the features of a register. */
function featuresIn(table: readonly CpuidEntry[], leaf: number, register: "ecx" | "ebx" | "edx" | "eax"): string[] {
  const word = FEATURE_WORDS.find((one) => one.leaf === leaf && one.subleaf === 0 && one.register === register)!;
  return word.names.filter((name, bit) => name !== "-" && hasBit(table, word, bit));
}

describe("a guest with one vCPU on Cascade Lake", () => {
  const table = guest(hostCpuid("cascade-lake"));
  const hex = (leaf: number, subleaf = 0) => {
    const { eax, ebx, ecx, edx } = entry(table, leaf, subleaf);
    return [eax, ebx, ecx, edx].map((value) => value.toString(16));
  };

  // The values of a monitor with this policy on that very processor; the TSC deadline timer (bit 24 of ECX) is volt's.
  test("has the known values of leaf 1, with the TSC deadline timer", () => {
    expect(hex(0x1)).toEqual(["50657", "10800", "f7fa3203", "f8bbb7f"]);
  });
  test("has the known values of leaf 7", () => {
    expect(hex(0x7)).toEqual(["0", "d19f27eb", "804", "ac000400"]);
  });
  test("has the known values of the extended leaf, and of the highest one", () => {
    expect(hex(0x8000_0001).slice(2)).toEqual(["121", "2c100800"]);
    expect(hex(0x0)).toEqual(["16", "756e6547", "6c65746e", "49656e69"]);
  });
  test("has no performance counters or MWAIT, and of power management that its timer never stops", () => {
    for (const leaf of [0x5, 0xa]) expect(hex(leaf)).toEqual(["0", "0", "0", "0"]);
    expect(hex(0x6)).toEqual(["4", "0", "0", "0"]);
    const powerful = hostCpuid("cascade-lake").map((one) => (one.leaf === 6 ? { ...one, eax: 0x77, ecx: 9 } : one));
    expect(entry(guest(powerful), 0x6)).toMatchObject({ eax: 4, ebx: 0, ecx: 0, edx: 0 });
  });
  test("knows KVM, and invariant TSC", () => {
    expect(hex(0x4000_0000)).toEqual(["40000001", "4b4d564b", "564b4d56", "4d"]);
    expect(hex(0x8000_0007)[3]).toBe("100");
  });
  test("keeps state for AVX-512, and none for MPX and protection keys, at the offsets that stay", () => {
    expect(hex(0xd)).toEqual(["e7", "240", "a80", "0"]);
    expect([2, 3, 4, 5, 6, 7, 9].filter((subleaf) => findEntry(table, 0xd, subleaf))).toEqual([2, 5, 6, 7]);
    expect(hex(0xd, 1)).toEqual(["f", "240", "0", "0"]);
  });
  test("has caches of its own", () => {
    expect([0, 1, 2, 3, 4].map((subleaf) => hex(0x4, subleaf)[0])).toEqual(["121", "122", "143", "163", "0"]);
  });
  test("has the processor's name", () => {
    const bytes = [2, 3, 4].flatMap((leaf) => hex(0x8000_0000 + leaf).map((text) => Number.parseInt(text, 16)));
    expect(Buffer.from(Uint32Array.from(bytes).buffer).toString()).toBe(BRAND.padEnd(48, "\0"));
  });
});

describe("a guest on AMD", () => {
  const table = guest(hostCpuid("milan"));

  test("has no SVM, no performance counters, no machine checks, in both halves of CPUID", () => {
    expect(featuresIn(table, 0x8000_0001, "ecx")).toEqual([
      "lahf_lm",
      "cr8_legacy",
      "lzcnt",
      "sse4a",
      "misalignsse",
      "3dnowprefetch",
      "osvw",
      "topoext",
    ]);
    for (const leaf of [0x1, 0x8000_0001]) expect(entry(table, leaf).edx & 0x4080).toBe(0);
    for (const leaf of [0x8000_000a, 0x8000_001f])
      expect(entry(table, leaf)).toMatchObject({ eax: 0, ebx: 0, ecx: 0, edx: 0 });
  });
  test("keeps its mitigations and speculation controls", () => {
    expect(entry(table, 0x8000_0008).ebx).toBe(0x1102_d205);
    expect(entry(table, 0x8000_0021).eax).toBe(0x45);
    expect(featuresIn(table, 0x7, "edx")).toEqual(["fsrm", "spec_ctrl", "stibp", "arch_capabilities", "ssbd"]);
  });
  test("counts its processors in leaves 0x80000008, 0x8000001D and 0x8000001E", () => {
    const four = guest(hostCpuid("milan"), 4, 3);
    expect(entry(four, 0x8000_0008).ecx).toBe(0x2003);
    expect(entry(four, 0x8000_001e)).toMatchObject({ eax: 3, ebx: 3, ecx: 0, edx: 0 });
    expect([0, 1, 2, 3].map((subleaf) => entry(four, 0x8000_001d, subleaf).eax)).toEqual([0x121, 0x122, 0x143, 0xc163]);
    expect(entry(four, 0x8000_0001).ecx & 2).toBe(2);
    expect(entry(table, 0x8000_0001).ecx & 2).toBe(0);
  });
  test("has the leaf of its place in the package where its host's KVM left it out", () => {
    const without = hostCpuid("milan").filter(({ leaf }) => leaf !== 0x8000_001e);
    expect(entry(guest(without, 2, 1), 0x8000_001e)).toMatchObject({ eax: 1, ebx: 1 });
  });
});

describe.each(HOSTS)("a guest on %s", (host) => {
  const supported = hostCpuid(host);
  const table = guest(supported, 4, 2);

  test("is told that there is a hypervisor, which KVM leaves out or leaves on", () => {
    expect(featuresIn(table, 0x1, "ecx")).toContain("hypervisor");
  });
  test("has the TSC deadline timer where KVM says so, and there alone", () => {
    expect(featuresIn(table, 0x1, "ecx")).toContain("tsc_deadline");
    expect(featuresIn(guest(supported, 1, 0, false), 0x1, "ecx")).not.toContain("tsc_deadline");
  });
  test("differs from what KVM supports in the policy's bits alone, where bits are features", () => {
    const named = new Set(POLICY_BITS.map(({ leaf, register, bit }) => `${leaf} ${register} ${bit}`));
    // Of the package's size, and of leaf 0xD, which follows the features.
    const isDerived = (name: string) => ["htt", "cmp_legacy"].includes(name) || name.endsWith("_state");
    const changed = FEATURE_WORDS.filter(({ subleaf }) => subleaf === 0).flatMap((word) =>
      word.names.flatMap((name, bit) => {
        const same = hasBit(supported, word, bit) === hasBit(table, word, bit);
        return same || named.has(`${word.leaf} ${word.register} ${bit}`) || isDerived(name) ? [] : [name];
      }),
    );
    expect(changed).toEqual([]);
  });
  test("has each leaf and subleaf once", () => {
    const keys = table.map(({ leaf, subleaf }) => `${leaf} ${subleaf}`);
    expect(keys.length).toBe(new Set(keys).size);
  });
  test("has unsigned numbers in every register", () => {
    for (const { eax, ebx, ecx, edx } of table) {
      for (const value of [eax, ebx, ecx, edx]) expect(value >>> 0).toBe(value);
    }
  });

  test.each([
    [1, 0, 0],
    [2, 1, 1],
    [3, 2, 2],
    [4, 3, 2],
    [5, 4, 3],
    [31, 30, 5],
    [32, 31, 5],
  ])("with %i vCPUs has the same place for vCPU %i in every leaf", (vcpus, vcpu, bits) => {
    const own = guest(supported, vcpus, vcpu);
    const { ebx, edx } = entry(own, 0x1);
    expect([ebx >>> 24, (ebx >>> 16) & 0xff, (edx >>> HTT) & 1]).toEqual([vcpu, vcpus, vcpus > 1 ? 1 : 0]);
    for (const leaf of [0xb, 0x1f].filter((one) => one <= entry(own, 0).eax)) {
      expect([0, 1, 2].map((subleaf) => entry(own, leaf, subleaf))).toMatchObject([
        { eax: 0, ebx: 1, ecx: 0x100, edx: vcpu },
        { eax: bits, ebx: vcpus, ecx: 0x201, edx: vcpu },
        { eax: 0, ebx: 0, ecx: 2, edx: vcpu },
      ]);
    }
    for (const { eax } of own.filter(({ leaf, eax }) => leaf === 4 && (eax & 0x1f) !== 0)) {
      const isShared = ((eax >>> 5) & 7) === 3;
      expect([eax >>> 26, (eax >>> 14) & 0xfff]).toEqual([2 ** bits - 1, isShared ? 2 ** bits - 1 : 0]);
    }
  });
});

describe("leaf 0xD", () => {
  test("of a processor without XSAVE is empty", () => {
    const supported = hostCpuid("cascade-lake").map((one) =>
      one.leaf === 1 ? { ...one, ecx: one.ecx & ~(1 << 26) } : one,
    );
    const table = guest(supported);
    expect(table.filter(({ leaf }) => leaf === 0xd)).toMatchObject([{ subleaf: 0, eax: 0, ebx: 0, ecx: 0, edx: 0 }]);
  });
  test("without AMX's state takes AMX itself away, and with it leaves it", () => {
    const amx = 2 ** 22 + 2 ** 24 + 2 ** 25;
    const withAmx = (tiles: number) =>
      hostCpuid("cascade-lake").map((one) => {
        if (one.leaf === 7) return { ...one, edx: one.edx + amx };
        return one.leaf === 0xd && one.subleaf === 0 ? { ...one, eax: one.eax + tiles } : one;
      });
    expect(entry(guest(withAmx(0)), 7).edx).toBe(0xac00_0400);
    expect(entry(guest(withAmx(0x6_0000)), 7).edx).toBe(0xac00_0400 + amx);
    expect(entry(guest(withAmx(0x6_0000)), 0xd).eax).toBe(0x6_00e7);
  });
});

describe("the processor's name", () => {
  const nameOf = (supported: readonly CpuidEntry[], brand: string) => {
    const table = machineCpuid(supported, { vcpus: 1, tscDeadline: true, brand });
    const words = [2, 3, 4].flatMap((leaf) => {
      const { eax, ebx, ecx, edx } = entry(table, 0x8000_0000 + leaf);
      return [eax, ebx, ecx, edx];
    });
    return Buffer.from(Uint32Array.from(words).buffer).toString().replace(/\0+$/, "");
  };
  test("is KVM's where it has one", () => {
    const named = hostCpuid("cascade-lake").map((one) =>
      one.leaf === 0x8000_0002 ? { ...one, eax: 0x6c65_746e } : one,
    );
    expect(nameOf(named, BRAND)).toBe("ntel");
  });
  test("is cut to 47 bytes of plain text", () => {
    expect(nameOf(hostCpuid("milan"), `é\n${"x".repeat(100)}`)).toBe("x".repeat(47));
    expect(nameOf(hostCpuid("milan"), "")).toBe("");
  });
});
