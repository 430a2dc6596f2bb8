/** `volt cpu`, --cpu-template and --cpu-affinity, on this very machine. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { ofEachThread } from "../../support/proc.ts";
import { END, tinyKernel } from "./tiny-kernel.ts";
import { cleanEnvironment, Folder, failure, VOLT, volt } from "./volt.ts";

const LEAF_1 = (bitmap: string) => ({
  cpuid_modifiers: [{ leaf: "0x1", subleaf: "0x0", flags: 0, modifiers: [{ register: "eax", bitmap }] }],
});

describe("volt cpu dump", () => {
  test("prints a template that volt run takes, and whose guest gets the same", async () => {
    using folder = new Folder();
    const path = folder.file("dump.json");
    const { status, stdout, stderr } = await volt(["cpu", "dump"]);
    expect([status, stderr]).toEqual([0, ""]);
    writeFileSync(path, stdout);
    const again = await volt(["cpu", "dump", "--cpu-template", path]);
    expect(again.stdout.toString()).toBe(stdout.toString());
    expect(await volt(["cpu", "diff", "host", path])).toMatchObject({ status: 0, stderr: "" });
    const kernel = tinyKernel(folder, END.poweroff);
    expect(await volt([...kernel.run, "--cpu-template", path])).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("volt cpu diff", () => {
  test("tells feature by feature how two differ, with status 1", async () => {
    const { status, stdout } = await volt(["cpu", "diff", "baseline-v3", "baseline-v4"]);
    expect(status).toBe(1);
    expect(stdout.toString().split("\n").slice(0, 2)).toEqual([
      "leaf 0x7 ebx: avx512f: 0 -> 1",
      "leaf 0x7 ebx: avx512dq: 0 -> 1",
    ]);
  });
  test("has nothing to tell of two alike", async () => {
    expect(await volt(["cpu", "diff", "baseline-v2", "baseline-v2"])).toMatchObject({ status: 0, stderr: "" });
  });
  test("speaks JSON", async () => {
    const { stdout } = await volt(["cpu", "diff", "--json", "baseline-v2", "baseline-v3"]);
    expect(JSON.parse(stdout.toString())[0]).toEqual({ where: "leaf 0x1 ecx: fma", a: "0", b: "1" });
  });
  test.each([
    [
      ["cpu", "diff", "a", "b"],
      'cpu diff: no template "a": there are baseline-v2, baseline-v3, baseline-v4, or give a file\'s path (./FILE)',
    ],
    [["cpu", "diff", "./none.json", "b"], "cpu diff: there is no file ./none.json: check the path"],
    [["cpu", "bogus"], "cpu bogus: no such command; there are dump, diff"],
  ])("refuses %j", async (args, message) => {
    expect(await failure(args)).toBe(message);
  });
});

describe("--cpu-template refuses", () => {
  test("a name that volt does not know", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure([...run, "--cpu-template", "T2"])).toStartWith('--cpu-template: no template "T2": there are ');
  });
  test("a file with a mistake, by its place in it", async () => {
    using folder = new Folder();
    const path = folder.file("t.json");
    writeFileSync(path, JSON.stringify(LEAF_1(`0b${"1".repeat(40)}`)));
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure([...run, "--cpu-template", path])).toBe(
      `${path}: cpuid_modifiers.0.modifiers.0.bitmap: must be "0b" and up to 32 of 0, 1 and x: it is too long`,
    );
  });
  test("what this host lacks, before the guest starts", async () => {
    using folder = new Folder();
    const path = folder.file("t.json");
    const { run } = tinyKernel(folder, END.poweroff);
    const refused = async (template: object) => {
      writeFileSync(path, JSON.stringify(template));
      return await failure([...run, "--cpu-template", path]);
    };
    const bit = [{ leaf: "0x7", subleaf: "0", flags: 1, modifiers: [{ register: "edx", bitmap: "0b1" }] }];
    expect(await refused({ cpuid_modifiers: bit })).toBe(
      `CPU template ${path}: this host lacks leaf 0x7 edx bit 0: see \`volt cpu dump\``,
    );
    expect(await refused({ cpuid_modifiers: [{ ...bit[0], leaf: "0x12345" }] })).toContain("lacks leaf 0x12345");
    expect(await refused({ kvm_capabilities: ["999999"] })).toContain("lacks the capabilities 999999");
    expect(await refused({ msr_modifiers: [{ addr: "0xdead", bitmap: "0b1" }] })).toBe(
      "CPU template: MSR 0xdead: this host's KVM has no such MSR",
    );
  });
});

describe("a config file", () => {
  test("has a template by name, or written out, and a flag wins over it", async () => {
    using folder = new Folder();
    const path = folder.file("vm.json");
    writeFileSync(path, JSON.stringify({ "cpu-config": LEAF_1("0b1") }));
    const printed = async (...flags: string[]) =>
      JSON.parse((await volt(["run", "--config", path, "--print-config", ...flags])).stdout.toString());
    expect((await printed())["cpu-config"].cpuid_modifiers).toEqual(LEAF_1("0b1").cpuid_modifiers);
    const over = await printed("--cpu-template", "baseline-v2");
    expect([over["cpu-config"], over["machine-config"].cpu_template]).toEqual([undefined, "baseline-v2"]);
  });
});

describe("--cpu-affinity", () => {
  test("puts each vCPU's thread on its CPU, round and round", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.halt);
    await using child = Bun.spawn([VOLT, ...run, "--cpus", "3", "--cpu-affinity", "1,0"], {
      env: cleanEnvironment(),
      stdin: "ignore",
      stdout: "ignore",
    });
    const threads = await vcpuThreads(child.pid, 3);
    expect(threads).toEqual({ "vcpu 0": "1", "vcpu 1": "0", "vcpu 2": "1" });
    child.kill("SIGHUP");
    expect(await child.exited).toBe(129);
  });
  test.each([
    ["9999", /^--cpu-affinity: volt may not use the host's CPU 9999; it may use 0/],
    ["1-0", /^--cpu-affinity: must be CPU numbers such as "0-3,8"/],
    ["a", /^--cpu-affinity: must be CPU numbers such as "0-3,8", found "a"/],
  ])("%s is refused", async (list, message) => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure([...run, "--cpu-affinity", list])).toMatch(message);
  });
});

/** The CPUs each vCPU's thread may use, by its name, as soon as all are there and pinned. */
async function vcpuThreads(pid: number, count: number): Promise<Record<string, string>> {
  for (let tries = 0; tries < 2000; tries++) {
    const found = Object.fromEntries(
      ofEachThread(pid, "status").flatMap((status) => {
        const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? "";
        const cpus = /^Cpus_allowed_list:\t(.*)$/m.exec(status)?.[1] ?? "";
        return name.startsWith("vcpu ") && !cpus.includes("-") ? [[name, cpus] as const] : [];
      }),
    );
    if (Object.keys(found).length === count) return Object.fromEntries(Object.entries(found).sort());
    await Bun.sleep(5);
  }
  throw new Error("the vCPUs' threads did not come");
}
