import { describe, expect, test } from "bun:test";
import { PHASES } from "../../../src/observe/phases.ts";
import { type Mark, TIMELINE_BYTES, Timeline } from "../../../src/observe/timeline.ts";
import { traceFile } from "../../../src/observe/trace-file.ts";

const MS = 1e6;

describe("a timeline", () => {
  test("that is off leaves its memory as it was and tells nobody", () => {
    const memory = new ArrayBuffer(TIMELINE_BYTES);
    const told: Mark[] = [];
    const timeline = new Timeline(memory, false, (mark) => told.push(mark));
    for (const phase of PHASES) timeline.mark(phase);
    expect(new Uint8Array(memory).every((byte) => byte === 0)).toBe(true);
    expect([timeline.marks(), told]).toEqual([[], []]);
  });

  test("counts milliseconds from the start of the process", () => {
    const timeline = new Timeline(new ArrayBuffer(TIMELINE_BYTES), true);
    timeline.mark("process started", 1000 * MS);
    timeline.mark("VM created", 1004.5 * MS);
    expect(timeline.marks()).toEqual([
      { phase: "process started", ms: 0 },
      { phase: "VM created", ms: 4.5 },
    ]);
  });

  test("keeps the first stamp of a phase and tells of it once", () => {
    const told: string[] = [];
    const timeline = new Timeline(new ArrayBuffer(TIMELINE_BYTES), true, ({ phase }) => told.push(phase));
    timeline.mark("process started", MS);
    timeline.mark("first console byte", 3 * MS);
    timeline.mark("first console byte", 9 * MS);
    expect(timeline.marks().at(-1)).toEqual({ phase: "first console byte", ms: 2 });
    expect(told).toEqual(["process started", "first console byte"]);
  });

  test("is sorted by time, whichever thread was first", () => {
    const timeline = new Timeline(new ArrayBuffer(TIMELINE_BYTES), true);
    timeline.mark("process started", MS);
    timeline.mark("VM is running", 9 * MS);
    timeline.mark("vCPU threads started", 5 * MS);
    expect(timeline.marks().map(({ ms }) => ms)).toEqual([0, 4, 8]);
  });

  test("is one for all threads that look at its memory", () => {
    const memory = new ArrayBuffer(TIMELINE_BYTES);
    const [main, vcpu] = [new Timeline(memory, true), new Timeline(memory, true)];
    main.mark("process started", MS);
    vcpu.mark("first console byte", 2 * MS);
    expect(main.marks()).toEqual(vcpu.marks());
    expect(main.marks()).toHaveLength(2);
  });

  test("crosses an exec, also from a volt with more or fewer phases", () => {
    const before = new Timeline(new ArrayBuffer(TIMELINE_BYTES), true);
    before.mark("process started", MS);
    before.mark("confined, exec", 3 * MS);
    const stamps: number[] = JSON.parse(JSON.stringify(before.stamps()));
    const after = new Timeline(new ArrayBuffer(TIMELINE_BYTES), true);
    after.restore([...stamps, 1, 2, 3]);
    expect(after.marks()).toEqual(before.marks());
    after.restore(stamps.slice(0, 1));
    expect(after.marks()).toEqual(before.marks());
  });
});

describe("a trace file", () => {
  const parse = (marks: Mark[]) => JSON.parse(traceFile(marks, 7, { beginNs: 0, records: [] })).traceEvents;

  test("has a slice a phase, in microseconds, each as long as until the next", () => {
    const [name, ...slices] = parse([
      { phase: "process started", ms: 0 },
      { phase: "VM created", ms: 4.5 },
    ]);
    expect(name).toMatchObject({ ph: "M", name: "process_name", pid: 7 });
    expect(slices).toMatchObject([
      { name: "process started", ph: "X", ts: 0, dur: 4500, pid: 7 },
      { name: "VM created", ph: "X", ts: 4500, dur: 0, pid: 7 },
    ]);
  });

  test("of nothing has no slice, and ends its line", () => {
    expect(parse([])).toHaveLength(1);
    expect(traceFile([], 7, { beginNs: 0, records: [] })).toEndWith("}\n");
  });

  test("has each vCPU's exits, in milliseconds since the process started", () => {
    const run = { kind: "port", address: 0x3f8, count: 9, beginNs: 3 * MS, endNs: 4 * MS } as const;
    const record = { runs: [run], ports: [{ port: 0x3f8, reads: 4, writes: 5 }], lost: 1 };
    const { otherData } = JSON.parse(traceFile([], 7, { beginNs: MS, records: [record] }));
    expect(otherData.exits).toEqual([
      {
        ...{ vcpu: 0, ports: record.ports, lost: 1 },
        runs: [{ kind: "port", address: 0x3f8, count: 9, begin: 2, end: 3 }],
      },
    ]);
  });
});
