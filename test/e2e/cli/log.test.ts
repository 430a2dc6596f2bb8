/** What volt says about itself: levels, formats, files, and the timeline. */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { END, print, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, volt } from "./volt.ts";

/** The contract's phases, in its order, as the trace log and the trace file name them. */
const PHASES = [
  ...["KVM initialised", "VM created", "CPUID configured", "guest memory allocated", "kernel loaded"],
  ...["serial console", "vCPU configured", "VM is running", "vCPU 0 enters KVM_RUN"],
];

async function logOf(folder: Folder, ...flags: string[]): Promise<string> {
  const { status, stdout, stderr } = await volt([...tinyKernel(folder, print("x") + END.reset).run, ...flags]);
  expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: "x" });
  return stderr;
}

describe("--log-level", () => {
  test.each(["error", "warn"])("%s says nothing of a good life", async (level) => {
    using folder = new Folder();
    expect(await logOf(folder, "--log-level", level)).toBe("");
  });

  test("info has the kernel, why its entry was taken, and `VM is running`", async () => {
    using folder = new Folder();
    const { path } = tinyKernel(folder, END.reset);
    expect(await logOf(folder, "--log-level", "info")).toBe(
      [
        `volt: info: kernel ${path} at 0x1000000, entry 0x1000000: the ELF file has no PVH entry`,
        "volt: info: VM is running",
        "",
      ].join("\n"),
    );
  });

  test("debug adds the guest's command line, and what each device did", async () => {
    using folder = new Folder();
    const log = await logOf(folder, "--log-level", "debug", "--cmdline", "a", "--append", "b");
    expect(log).toContain("volt: debug: command line: a b\n");
    expect(log).toContain("volt: debug: rng: never used\n");
  });

  test("trace has each phase once, in order, with growing milliseconds since the process started", async () => {
    using folder = new Folder();
    const lines = (await logOf(folder, "--log-level", "trace")).split("\n").filter((line) => line.includes("trace:"));
    const marks = lines.map((line) => /^volt: trace: +(\d+\.\d{3}) ms {2}(.+)$/.exec(line)!);
    const names = marks.map(([, , name]) => name!);
    expect(names.filter((name) => PHASES.includes(name))).toEqual(PHASES);
    const times = marks.map(([, ms]) => Number(ms));
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(times[0]).toBe(0);
  });
});

test("--log-format json is one object a line, each with time, level and message", async () => {
  using folder = new Folder();
  const lines = (await logOf(folder, "--log-level", "trace", "--log-format", "json")).trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line));
  for (const { time, level, message } of entries) {
    expect(new Date(time).toISOString()).toBe(time);
    expect(["info", "debug", "trace"]).toContain(level);
    expect(message).toBeString();
  }
  expect(entries.map(({ message }) => message)).toContain("VM is running");
});

describe("--log-file", () => {
  test("takes the log, and stderr nothing", async () => {
    using folder = new Folder();
    expect(await logOf(folder, "--log-level", "info", "--log-file", folder.file("log"))).toBe("");
    expect(readFileSync(folder.file("log"), "utf8")).toEndWith("volt: info: VM is running\n");
  });

  test("is added to, never cut", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("log"), "before\n");
    for (let life = 0; life < 2; life++) await logOf(folder, "--log-level", "info", "--log-file", folder.file("log"));
    const text = readFileSync(folder.file("log"), "utf8");
    expect(text).toStartWith("before\n");
    expect(text.match(/VM is running/g)).toHaveLength(2);
  });

  test("that is full stops nothing", async () => {
    using folder = new Folder();
    expect(await logOf(folder, "--log-level", "trace", "--log-file", "/dev/full")).toBe("");
  });

  test("does not hide why nothing started", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("kernel"), "#!");
    expect(await failure(["run", "--kernel", folder.file("kernel"), "--log-file", folder.file("log")])).toContain(
      "this is a script",
    );
  });
});

describe("--trace", () => {
  test("is Chrome Trace Event JSON: slices that follow each other, of one process", async () => {
    using folder = new Folder();
    expect(await logOf(folder, "--trace", folder.file("trace"))).toBe("");
    const { traceEvents } = JSON.parse(readFileSync(folder.file("trace"), "utf8"));
    const slices = traceEvents.filter(({ ph }: { ph: string }) => ph === "X");
    const names = slices.map(({ name }: { name: string }) => name);
    expect(names.filter((name: string) => PHASES.includes(name))).toEqual(PHASES);
    expect(new Set(traceEvents.map(({ pid }: { pid: number }) => pid)).size).toBe(1);
    for (const [i, { ts, dur }] of slices.entries()) {
      expect(dur).toBeGreaterThanOrEqual(0);
      if (slices[i + 1]) expect(ts + dur).toBeCloseTo(slices[i + 1].ts, 3);
    }
  });

  test("replaces an older one", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("trace"), "x".repeat(100_000));
    await logOf(folder, "--trace", folder.file("trace"));
    expect(() => JSON.parse(readFileSync(folder.file("trace"), "utf8"))).not.toThrow();
  });

  test("that can't be written is a warning, and the guest's status stays", async () => {
    using folder = new Folder();
    expect(await logOf(folder, "--trace", "/dev/full")).toBe(
      "volt: warn: the trace is incomplete: the trace file: write: No space left on device (ENOSPC)\n",
    );
  });
});
