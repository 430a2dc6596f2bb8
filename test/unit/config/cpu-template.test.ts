import { describe, expect, test } from "bun:test";
import { mergeConfig, parseConfig, parseCpuTemplate } from "../../../src/config/parse.ts";

const cpuid = (fields: object = {}, modifier: object = {}) => ({
  cpuid_modifiers: [
    { leaf: "0x7", subleaf: "0x0", flags: 1, modifiers: [{ register: "ebx", bitmap: "0b1", ...modifier }], ...fields },
  ],
});
const parse = (value: unknown) => parseCpuTemplate(JSON.stringify(value), "t.json");

describe("a CPU template", () => {
  test("in Firecracker's format is taken as it is", () => {
    const template = {
      kvm_capabilities: ["!56", "136"],
      ...cpuid(),
      msr_modifiers: [{ addr: "0x10a", bitmap: `0b${"x".repeat(63)}1` }],
      reg_modifiers: [],
      vcpu_features: [],
    };
    expect(parse(template)).toEqual(template as ReturnType<typeof parse>);
  });
  test("may leave every section out", () => {
    expect(parse({}).cpuid_modifiers).toEqual([]);
  });

  const BITMAP = 'must be "0b" and up to 32 of 0, 1 and x';
  test.each([
    [[], "t.json: must be an object, found Array"],
    [
      { cpuid: [] },
      "t.json: cpuid: no such field: there are kvm_capabilities, cpuid_modifiers, msr_modifiers, reg_modifiers, vcpu_features",
    ],
    [{ cpuid_modifiers: {} }, "t.json: cpuid_modifiers: must be an array, found Object"],
    [cpuid({ leaf: 7 }), 't.json: cpuid_modifiers.0.leaf: must be a number in a string, such as "0x7", found 7'],
    [
      cpuid({ leaf: "0xg" }),
      't.json: cpuid_modifiers.0.leaf: must be a number in a string, such as "0x7", found "0xg"',
    ],
    [cpuid({ leaf: "0x100000000" }), "t.json: cpuid_modifiers.0.leaf: must fit 32 bits"],
    [cpuid({ flags: "1" }), 't.json: cpuid_modifiers.0.flags: must be a number, found "1"'],
    [cpuid({ more: 1 }), "t.json: cpuid_modifiers.0.more: no such field: there are leaf, subleaf, flags, modifiers"],
    [
      cpuid({}, { register: "rax" }),
      't.json: cpuid_modifiers.0.modifiers.0.register: must be one of eax, ebx, ecx, edx, found "rax"',
    ],
    [cpuid({}, { bitmap: "0b12" }), `t.json: cpuid_modifiers.0.modifiers.0.bitmap: ${BITMAP}, found "0b12"`],
    [cpuid({}, { bitmap: "10" }), `t.json: cpuid_modifiers.0.modifiers.0.bitmap: ${BITMAP}, found "10"`],
    [cpuid({}, { bitmap: "0b" }), `t.json: cpuid_modifiers.0.modifiers.0.bitmap: ${BITMAP}, found "0b"`],
    [
      cpuid({}, { bitmap: `0b${"x".repeat(33)}` }),
      `t.json: cpuid_modifiers.0.modifiers.0.bitmap: ${BITMAP}: it is too long`,
    ],
    [
      { msr_modifiers: [{ addr: "0x10a", bitmap: `0b${"1".repeat(65)}` }] },
      't.json: msr_modifiers.0.bitmap: must be "0b" and up to 64 of 0, 1 and x: it is too long',
    ],
    [
      { kvm_capabilities: ["KVM_CAP_IRQCHIP"] },
      't.json: kvm_capabilities.0: must be a capability\'s number, such as "136" or "!136", found "KVM_CAP_IRQCHIP"',
    ],
    [{ reg_modifiers: [{}] }, "t.json: reg_modifiers: must be empty: it is for aarch64, found 1"],
  ])("%j is refused", (value, message) => {
    expect(() => parse(value)).toThrow(message);
  });

  test("that is no JSON is refused", () => {
    expect(() => parseCpuTemplate("{", "t.json")).toThrow(/^t\.json: not JSON .*: see `volt cpu dump` for an example$/);
  });
});

describe("a VM's template", () => {
  test("is a name, a path, or written out, and mistakes in it are told by their path", () => {
    expect(parseConfig({ "machine-config": { cpu_template: "baseline-v3" } }, "")).toMatchObject({
      "machine-config": { cpu_template: "baseline-v3" },
    });
    expect(parseConfig({ "cpu-config": "/t.json" }, "")["cpu-config"]).toBe("/t.json");
    expect(() => parseConfig({ "cpu-config": cpuid({}, { bitmap: "?" }) }, "vm.json")).toThrow(
      'vm.json: cpu-config.cpuid_modifiers.0.modifiers.0.bitmap: must be "0b"',
    );
    expect(() => parseConfig({ "cpu-config": 1 }, "")).toThrow("cpu-config: must be an object, found 1");
  });
  test("is one", () => {
    const both = { "machine-config": { cpu_template: "baseline-v3" }, "cpu-config": {} };
    expect(() => parseConfig(both, "vm.json")).toThrow(
      "vm.json: cpu-config: is a second CPU template, beside machine-config.cpu_template: give one of the two",
    );
  });
  test("of the upper layer takes the lower one's place", () => {
    const named = { "machine-config": { cpu_template: "baseline-v3" } };
    const written = { "cpu-config": {} };
    expect(mergeConfig(written, named)).not.toHaveProperty("cpu-config");
    expect(mergeConfig(named, written)).toMatchObject({ "machine-config": {}, "cpu-config": {} });
    expect(mergeConfig(named, written)["machine-config"]).toEqual({});
    expect(mergeConfig(written, {})).toHaveProperty("cpu-config");
  });
});

describe("--cpu-affinity", () => {
  const of = (list: string) => parseConfig({ volt: { cpu_affinity: list } }, "").volt.cpu_affinity;
  test.each(["0", "0-3", "0-3,8", "5,1"])("%s", (list) => {
    expect(of(list)).toBe(list);
  });
  test.each(["", "a", "1-", "-1", "1,,2", "1-2-3", "3-1", "0x1", "1 2", "12345"])("%j is refused", (list) => {
    expect(() => of(list)).toThrow('volt.cpu_affinity: must be CPU numbers such as "0-3,8"');
  });
  test("names a CPU once", () => {
    expect(() => of("0-3,2")).toThrow("volt.cpu_affinity: must name a CPU once");
  });
});
