import { describe, expect, test } from "bun:test";
import type { CpuTemplate } from "../../../../src/config/cpu-template.ts";
import { ConfigError } from "../../../../src/config/error.ts";
import { machineCpuid, vcpuCpuid } from "../../../../src/cpu/cpuid/guest.ts";
import { findEntry } from "../../../../src/cpu/cpuid/table.ts";
import { BASELINES } from "../../../../src/cpu/template/baseline.ts";
import { compareTemplates } from "../../../../src/cpu/template/compare.ts";
import { dumpTemplate } from "../../../../src/cpu/template/dump.ts";
import { HOSTS, type HostName, hostCpuid } from "../../../support/cpuid/fixtures.ts";

const EMPTY: CpuTemplate = {
  ...{ kvm_capabilities: [], cpuid_modifiers: [], msr_modifiers: [], reg_modifiers: [], vcpu_features: [] },
};
const OPTIONS = { vcpus: 1, tscDeadline: true, brand: "a processor" };

function modifier(leaf: string, register: "eax" | "ebx" | "ecx" | "edx", bitmap: string, subleaf = "0x0"): CpuTemplate {
  return { ...EMPTY, cpuid_modifiers: [{ leaf, subleaf, flags: 0, modifiers: [{ register, bitmap }] }] };
}

function apply(host: HostName, template: CpuTemplate, ownLeavesOnly = false, vcpus = 1) {
  return machineCpuid(hostCpuid(host), {
    ...OPTIONS,
    vcpus,
    template: { name: "t.json", template, ownLeavesOnly },
  });
}
const baseline = (host: HostName, name: keyof typeof BASELINES) => apply(host, BASELINES[name]!(), true);

describe("a template", () => {
  test("sets, clears and leaves bits", () => {
    const before = findEntry(machineCpuid(hostCpuid("cascade-lake"), OPTIONS), 1)!.eax;
    const after = findEntry(apply("cascade-lake", modifier("0x1", "eax", "0b11xx_x000")), 1)!.eax;
    expect(after).toBe(((before & ~0b1100_0111) | 0b1100_0000) >>> 0);
  });
  test("that says nothing changes nothing", () => {
    const table = machineCpuid(hostCpuid("milan"), OPTIONS);
    expect(apply("milan", EMPTY)).toEqual(table);
    expect(apply("milan", modifier("0x7", "ebx", `0b${"x".repeat(32)}`))).toEqual(table);
  });
  test("names leaves in any notation", () => {
    const [hex, decimal, binary] = ["0x7", "7", "0b111"].map((leaf) =>
      apply("milan", modifier(leaf, "ebx", "0b0xxxxx")),
    );
    expect(decimal).toEqual(hex!);
    expect(binary).toEqual(hex!);
  });
  test("may give back what the policy took, if KVM has it", () => {
    expect(findEntry(apply("milan", modifier("0x7", "ecx", "0b1xxx")), 7)!.ecx & 8).toBe(8);
  });
  test("that gives back protection keys gives back their state, too", () => {
    const table = apply("cascade-lake", modifier("0x7", "ecx", "0b1xxx"));
    expect(findEntry(table, 0xd)).toMatchObject({ eax: 0x2e7, ecx: 0xa88 });
    expect(findEntry(table, 0xd, 9)).toMatchObject({ eax: 8, ebx: 0xa80 });
  });
  test("that takes AVX-512F takes its state", () => {
    const table = apply("cascade-lake", modifier("0x7", "ebx", `0b0${"x".repeat(16)}`));
    expect(findEntry(table, 0xd)).toMatchObject({ eax: 7, ecx: 0x340 });
    expect(findEntry(table, 0xd, 5)).toBeUndefined();
  });
  test("does not get to say how many processors there are, or which one this is", () => {
    const template = modifier("0x1", "ebx", `0b${"1".repeat(32)}`);
    const table = vcpuCpuid(apply("milan", template, false, 4), 3);
    expect(findEntry(table, 1)!.ebx >>> 16).toBe(0x0304);
  });
});

describe("a template that asks for too much is refused:", () => {
  const refused = (host: HostName, template: CpuTemplate) => () => apply(host, template);
  const message = (what: string) =>
    new ConfigError("", "CPU template t.json", `this host lacks ${what}: see \`volt cpu dump\``);

  test("features the host lacks, each by name", () => {
    expect(refused("milan", modifier("0x7", "ebx", "0b11_xxxx_xxxx_xxxx_xxxx_xxxx"))).toThrow(
      message("avx512_ifma (leaf 0x7 ebx bit 21)"),
    );
    expect(refused("cascade-lake", modifier("0x7", "edx", "0b1xx1"))).toThrow(
      message("leaf 0x7 edx bit 0, avx512_4fmaps (leaf 0x7 edx bit 3)"),
    );
  });
  test("leaves the host lacks", () => {
    expect(refused("milan", modifier("0x24", "eax", "0bx"))).toThrow(message("leaf 0x24"));
    expect(refused("milan", modifier("0x8000001d", "eax", "0b1", "0x9"))).toThrow(message("leaf 0x8000001d.9"));
  });
});

describe("the baselines", () => {
  const LEVELS = ["baseline-v2", "baseline-v3", "baseline-v4"] as const;

  test("are there for the three levels above the first", () => {
    expect(Object.keys(BASELINES)).toEqual([...LEVELS]);
  });

  test.each([
    ["cascade-lake", LEVELS],
    ["milan", LEVELS.slice(0, 2)],
    ["qemu-amd", LEVELS.slice(0, 2)],
    ["sapphire-rapids-emulated", []],
  ] as const)("on %s work for %j", (host, possible) => {
    const works = LEVELS.filter((name) => {
      try {
        baseline(host, name);
        return true;
      } catch {
        return false;
      }
    });
    expect(works).toEqual([...possible]);
  });

  test("say what is missing", () => {
    expect(() => baseline("milan", "baseline-v4")).toThrow(
      "this host lacks avx512f (leaf 0x7 ebx bit 16), avx512dq (leaf 0x7 ebx bit 17), avx512cd (leaf 0x7 ebx bit 28), " +
        "avx512bw (leaf 0x7 ebx bit 30), avx512vl (leaf 0x7 ebx bit 31): see",
    );
  });

  test.each(["baseline-v2", "baseline-v3"] as const)("%s looks alike to programs on Intel and AMD", (name) => {
    const template = BASELINES[name]!();
    const spoken = template.cpuid_modifiers.filter(({ leaf }) => ["0x1", "0x7", "0x80000001"].includes(leaf));
    for (const { leaf, modifiers } of spoken.filter(({ subleaf }) => subleaf === "0x0")) {
      const { register, bitmap } = modifiers[0]!;
      const mask = Number(
        BigInt(
          bitmap
            .replaceAll(/[01](?!b)/g, "1")
            .replaceAll("x", "0")
            .replace("1b", "0b"),
        ),
      );
      const seen = (["cascade-lake", "milan", "qemu-amd"] as const).map(
        (host) => (findEntry(baseline(host, name), Number(leaf))![register] & mask) >>> 0,
      );
      expect(new Set(seen).size).toBe(1);
    }
  });

  test("leave what says which mitigations a processor needs", () => {
    expect(findEntry(baseline("cascade-lake", "baseline-v2"), 7)!.edx).toBe(0xac00_0400);
  });

  test("baseline-v2 keeps no state for XSAVE, baseline-v3 that of AVX, baseline-v4 that of AVX-512", () => {
    const states = LEVELS.map((name) => findEntry(baseline("cascade-lake", name), 0xd)!.eax);
    expect(states).toEqual([0, 0b111, 0b1110_0111]);
  });
});

describe.each(HOSTS)("what a guest on %s gets", (host) => {
  const table = vcpuCpuid(machineCpuid(hostCpuid(host), OPTIONS), 0);
  const dump = dumpTemplate(table, (index) => (index === 0x10a ? 0x2bn : undefined));

  test("written down as a template and applied again is the same", () => {
    const again = vcpuCpuid(apply(host, dump), 0);
    const sorted = (of: typeof table) => of.toSorted((a, b) => a.leaf - b.leaf || a.subleaf - b.subleaf);
    expect(sorted(again)).toEqual(sorted(table));
  });
  test("does not differ from itself", () => {
    expect(compareTemplates(dump, dump)).toEqual([]);
  });
});

describe("two templates", () => {
  const compare = (a: CpuTemplate, b: CpuTemplate) =>
    compareTemplates(a, b).map(({ where, a, b }) => `${where} ${a} ${b}`);

  test("differ feature by feature, by name", () => {
    expect(compare(modifier("0x7", "ebx", "0b10x0_xxxx"), modifier("7", "ebx", "0b1x1x_xxxx"))).toEqual([
      "leaf 0x7 ebx: hle 0 x",
      "leaf 0x7 ebx: avx2 x 1",
      "leaf 0x7 ebx: fdp_excptn_only 0 x",
    ]);
  });
  test("differ in numbers as a whole", () => {
    const whole = (value: number) => `0b${value.toString(2).padStart(32, "0")}`;
    expect(compare(modifier("0x1", "eax", whole(0x50657)), modifier("0x1", "eax", whole(0xa00f11)))).toEqual([
      "leaf 0x1 eax 0x50657 0xa00f11",
    ]);
    expect(compare(modifier("0x1", "eax", whole(0x50657)), EMPTY)).toEqual(["leaf 0x1 eax 0x50657 -"]);
  });
  test("differ in MSRs and capabilities", () => {
    const a = { ...EMPTY, kvm_capabilities: ["1"], msr_modifiers: [{ addr: "0x10a", bitmap: "0b1x" }] };
    const b = { ...EMPTY, kvm_capabilities: ["!2"] };
    expect(compare(a, b)).toEqual([
      `MSR 0x10a 0b${"x".repeat(62)}1x -`,
      "KVM capability 1 named -",
      "KVM capability !2 - named",
    ]);
  });
  test("compared with a host's differ only where both speak", () => {
    const host = dumpTemplate(machineCpuid(hostCpuid("milan"), OPTIONS), () => 0n);
    const differences = compareTemplates(host, BASELINES["baseline-v3"]!(), true);
    expect(differences).toContainEqual({ where: "leaf 0x1 ecx: aes", a: "1", b: "0" });
    expect(differences.filter(({ a, b }) => [a, b].includes("x") || [a, b].includes("-"))).toEqual([]);
  });
});
