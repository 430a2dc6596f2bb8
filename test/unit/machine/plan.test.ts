import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fd, O } from "../../../ffi/fd.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { type Plan, readPlan, sealPlan } from "../../../src/machine/plan.ts";

const PLAN: Plan = {
  version: "0",
  config: parseConfig({ volt: { command: ["sh", "-c", 'echo "é"'] } }, ""),
  stamps: [1.5, 0, 123_456_789_012_345],
  kvm: 3,
  kernel: { fd: 4, name: "k", size: 5, mappable: true },
  initrd: { fd: 6, name: "i", size: 7 },
  modules: { fd: 8, name: "m", size: 9 },
  processors: { brand: "a processor", template: undefined },
  metadata: '{"a":12345678901234567890}',
  devices: {},
  stdin: { fd: 0, isTerminal: true, neverBlocks: false },
  stdout: { fd: 1, isTerminal: false, neverBlocks: true },
  window: { rows: 24, columns: 80 },
  term: "xterm",
  log: 2,
  trace: 10,
  metrics: { fd: 11, id: "m" },
  sandbox: { required: [[0, "limits"]], namespaces: undefined },
};

describe("a sealed plan", () => {
  test("is read as it was written", () => {
    using fd = sealPlan(PLAN);
    expect(readPlan(fd.number)).toEqual(PLAN);
  });

  test("can be read again, wherever its descriptor's position is", () => {
    using fd = sealPlan(PLAN);
    fd.read(new Uint8Array(100));
    expect(readPlan(fd.number)).toEqual(readPlan(fd.number));
  });

  test("can't be changed, cut or lengthened by whoever holds it", () => {
    using fd = sealPlan(PLAN);
    const before = readFileSync(`/proc/self/fd/${fd.number}`);
    expect(() => writeFileSync(`/proc/self/fd/${fd.number}`, "{}")).toThrow(/EPERM|operation not permitted/);
    expect(fd.write(Uint8Array.of(1))).toBeLessThan(0);
    expect(readFileSync(`/proc/self/fd/${fd.number}`)).toEqual(before);
  });
});

describe("what is no plan is refused", () => {
  const MESSAGE = "VOLT_PLAN is set by volt itself: unset it";

  test.each([Number.NaN, -1, 0.5, 1e9, Number.POSITIVE_INFINITY, 2 ** 32])("descriptor %p", (number) => {
    expect(() => readPlan(number)).toThrow(MESSAGE);
  });

  test("a sealed file of somebody else's", () => {
    using other = Fd.sealed("other", Buffer.from("no plan"));
    expect(() => readPlan(other.number)).toThrow(MESSAGE);
  });

  test("a file, though it holds one", () => {
    const folder = mkdtempSync(join(tmpdir(), "volt-plan-"));
    writeFileSync(join(folder, "plan"), JSON.stringify(PLAN));
    using fd = Fd.open(join(folder, "plan"), O.RDONLY);
    rmSync(folder, { recursive: true });
    expect(() => readPlan(fd.number)).toThrow(MESSAGE);
  });
});
