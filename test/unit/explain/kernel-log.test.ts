import { expect, test } from "bun:test";
import { readCalls, readKernelLog, slowestSteps } from "../../../src/explain/kernel-log.ts";

const CONSOLE = [
  "volt: info: VM is running",
  "[    0.000000] Linux version 6.1.0",
  "[    0.250000] smpboot: CPU0",
  "no stamp",
  "[    0.260000] devtmpfs: initialized",
  "[   12.500000] Kernel panic - not syncing: VFS",
  "",
].join("\r\n");

test("a kernel's log is its lines with a stamp, wherever they are", () => {
  expect(readKernelLog(CONSOLE).map(({ at }) => at)).toEqual([0, 0.25, 0.26, 12.5]);
  expect(readKernelLog(CONSOLE)[1]!.text).toBe("smpboot: CPU0");
});

test("the slowest steps are the longest silences, the longest first", () => {
  expect(slowestSteps(readKernelLog(CONSOLE), 2)).toEqual([
    { seconds: 12.24, after: "devtmpfs: initialized", before: "Kernel panic - not syncing: VFS" },
    { seconds: 0.25, after: "Linux version 6.1.0", before: "smpboot: CPU0" },
  ]);
});

test("a silence within a function that was timed is that function's, and no step of its own", () => {
  const lines = readKernelLog(`[    0.500000] Console: colour dummy device
[    8.900000] printk: console [ttyS0] enabled
[    8.950000] a line of its
[    9.990000] initcall slow_init+0x0/0x1 returned 0 after 1040000 usecs
[   10.000000] Run /init as init process`);
  expect(slowestSteps(lines, 9, readCalls(lines)).map(({ seconds }) => Math.round(seconds * 1000))).toEqual([
    8400, 50, 10, 0,
  ]);
});
