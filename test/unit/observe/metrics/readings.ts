/** A machine's readings for tests: all zero, but for what a test says. */
import { newCounts } from "../../../../src/observe/metrics/counts.ts";
import type { DeviceReading, ExitReading, Readings, VcpuReading } from "../../../../src/observe/metrics/readings.ts";

const NO_EXITS: ExitReading = { count: 0, sumUs: 0, shortestUs: 0, longestUs: 0 };

export function vcpuReading(exits: Partial<VcpuReading["exits"]> = {}): VcpuReading {
  return {
    exits: { io_in: NO_EXITS, io_out: NO_EXITS, mmio_read: NO_EXITS, mmio_write: NO_EXITS, ...exits },
    interrupted: 0,
    failures: 0,
    deviceFaults: 0,
    clockFailures: 0,
  };
}

export function device(kind: DeviceReading["kind"], id: string, counters: Record<string, number> = {}): DeviceReading {
  return { kind, id, counters, kicks: [] };
}

export function readings(given: Partial<Readings> = {}): Readings {
  return {
    timeMs: 1_700_000_000_123.4,
    id: "one",
    version: "1.2.3",
    isPaused: false,
    memoryBytes: 2 ** 27,
    vcpus: [vcpuReading()],
    devices: [],
    serial: { written: 0, read: 0, dropped: 0 },
    keyboard: { reads: 0, writes: 0, resets: 0 },
    forbiddenCalls: 0,
    cpuSeconds: 0,
    timeline: [],
    counts: newCounts(),
    ...given,
  };
}
