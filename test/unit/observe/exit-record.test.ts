import { describe, expect, test } from "bun:test";
import { EXIT_RECORD_BYTES, ExitRecorder, readExitRecord } from "../../../src/observe/exit-record.ts";

function recorder() {
  const memory = new ArrayBuffer(EXIT_RECORD_BYTES);
  const boot = { over: false };
  return { boot, recorder: new ExitRecorder(memory, () => boot.over), read: () => readExitRecord(memory) };
}

describe("a record of exits", () => {
  test("counts each port's reads and writes", () => {
    const { recorder: exits, read } = recorder();
    exits.port(0x3f8, true, 1);
    exits.port(0x3fd, false, 1);
    exits.port(0x3f8, true, 16);
    exits.port(0xffff, false, 2);
    expect(read().ports).toEqual([
      { port: 0x3f8, reads: 0, writes: 17 },
      { port: 0x3fd, reads: 1, writes: 0 },
      { port: 0xffff, reads: 2, writes: 0 },
    ]);
  });

  test("has one run for accesses of the same device, and another when a second one comes between", () => {
    const { recorder: exits, read } = recorder();
    exits.port(0x3f8, true, 1);
    exits.port(0x3fd, false, 1);
    exits.port(0x64, false, 1);
    exits.port(0x3f8, true, 1);
    exits.mmio(0xc000_1070);
    exits.mmio(0xc000_1014);
    const runs = read().runs.map(({ kind, address, count }) => [kind, address, count]);
    expect(runs).toEqual([
      ["port", 0x3f8, 2],
      ["port", 0x60, 1],
      ["port", 0x3f8, 1],
      ["mmio", 0xc000_1000, 2],
    ]);
    for (const { beginNs, endNs } of read().runs) expect(endNs).toBeGreaterThanOrEqual(beginNs);
  });

  test("begins another run after a silence", async () => {
    const { recorder: exits, read } = recorder();
    exits.port(0x60, false, 1);
    await Bun.sleep(10);
    exits.port(0x60, false, 1);
    expect(read().runs.map(({ count }) => count)).toEqual([1, 1]);
  });

  test("ends with the boot", () => {
    const { boot, recorder: exits, read } = recorder();
    exits.port(0x60, false, 1);
    boot.over = true;
    exits.port(0x60, false, 1);
    exits.mmio(0xc000_1000);
    expect(read()).toMatchObject({ runs: [{ count: 1 }], ports: [{ reads: 1 }] });
  });

  test("counts what a guest that never comes to rest does beyond its bounds, and writes no further", () => {
    const { recorder: exits, read } = recorder();
    for (let i = 0; i < 10_000; i++) exits.port(i % 2 === 0 ? 0x60 : 0x70, true, 1);
    const { runs, lost, ports } = read();
    expect({ runs: runs.length, lost }).toEqual({ runs: 4096, lost: 10_000 - 4096 });
    expect(ports.map(({ writes }) => writes)).toEqual([5000, 5000]);
  });

  test("takes addresses above 4 GiB for the last page below", () => {
    const { recorder: exits, read } = recorder();
    exits.mmio(2 ** 52 - 1);
    expect(read().runs[0]).toMatchObject({ kind: "mmio", address: 0xffff_f000 });
  });
});
