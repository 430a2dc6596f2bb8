/** Boots for tests, as `volt explain` reads them. */
import { readCalls, readKernelLog } from "../../../src/explain/kernel-log.ts";
import type { BootRecord } from "../../../src/explain/record.ts";
import type { TracedExits } from "../../../src/observe/trace-file.ts";

/** A run of exits, in milliseconds. */
export type Run = TracedExits["runs"][number];

export interface BootOptions {
  readonly commandLine?: string;
  /** Lines of the kernel, with their stamps. */
  readonly log?: string;
  readonly runs?: readonly Run[];
  readonly ports?: TracedExits["ports"];
  readonly isPacked?: boolean;
  readonly logFrom?: BootRecord["logFrom"];
  readonly endedAfter?: number;
}

export function bootOf({
  commandLine = "",
  log = "",
  runs = [],
  ports = [],
  isPacked = false,
  logFrom = "buffer",
  endedAfter,
}: BootOptions): BootRecord {
  const lines = readKernelLog(log);
  return {
    ...{ commandLine, isPacked, logFrom, endedAfter, log: lines, calls: readCalls(lines) },
    phases: new Map([
      ["KVM initialised", 10],
      ["vCPU 0 enters KVM_RUN", 30],
      ["guest user space", 1100],
      ["guest ended", 1200],
    ]),
    exits: [{ vcpu: 0, ports, runs, lost: 0 }],
  };
}

/** A run of accesses of one device. @param address the first of its eight ports */
export function portRun(address: number, count: number, ms: number): Run {
  return { kind: "port", address, count, begin: 100, end: 100 + ms };
}

/** A boot that has nothing to mend. */
export const QUICK = `[    0.000000] Linux version 6.1.0
[    0.000000] random: crng init done
[    0.000000] kvm-clock: Using msrs 4b564d01 and 4b564d00
[    0.000534] kvm-clock: using sched offset of 25000000 cycles
[    0.001640] tsc: Detected 2096.004 MHz processor
[    0.020000] TSC deadline timer available
[    0.050000] Calibrating delay loop (skipped) preset value.. 4192.00 BogoMIPS (lpj=8384016)
[    0.060000] smpboot: CPU0: AMD EPYC
[    0.070000] initcall acpi_init+0x0/0x4bd returned 0 after 4000 usecs
[    0.080000] Trying to unpack rootfs image as initramfs...
[    0.081000] initcall populate_rootfs+0x0/0x40 returned 0 after 1200 usecs
[    0.090000] initcall i8042_init+0x0/0x70 returned 0 after 900 usecs
[    0.100000] Run /init as init process
`;
