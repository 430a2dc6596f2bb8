/** Reads all that is measured of the machine, without a word to the threads that run it. */
import { processCpuNs, realtimeMs } from "../../ffi/clock.ts";
import { type ExitCounters, ExitKind } from "../cpu/exit-counters.ts";
import { i8042Counters } from "../devices/i8042/counters.ts";
import { serialCounters } from "../devices/serial/counters.ts";
import { MIB } from "../memory/regions.ts";
import type { ExitReading, Readings, VcpuReading } from "../observe/metrics/readings.ts";
import { DEFAULT_ID, VERSION } from "../version.ts";
import type { MachineParts } from "./parts.ts";
import type { VirtioIo } from "./virtio/io.ts";

/** @returns what reads it, as often as it is wanted */
export function machineReadings(parts: MachineParts, virtio: VirtioIo): () => Readings {
  const { plan, block, state, timeline, vcpus, counts, sandbox } = parts;
  const { "machine-config": machine, volt } = plan.config;
  const exits = Array.from({ length: machine.vcpu_count }, (_, vcpu) => block.exitCounters(vcpu));
  return () => ({
    timeMs: realtimeMs(),
    id: volt.id ?? DEFAULT_ID,
    version: VERSION,
    isPaused: vcpus.isPaused,
    memoryBytes: machine.mem_size_mib * MIB,
    vcpus: exits.map(vcpuReading),
    devices: virtio.readings(),
    serial: serialCounters(block.part("serial")),
    keyboard: i8042Counters(block.part("i8042")),
    forbiddenCalls: sandbox.forbiddenCalls,
    cpuSeconds: processCpuNs() / 1e9,
    timeline: timeline.marks(),
    counts: { ...counts, log: { ...counts.log, missed: counts.log.missed + state.missedLogLines } },
  });
}

function vcpuReading(exits: ExitCounters): VcpuReading {
  const { interrupted, failures, deviceFaults, clockFailures } = exits;
  return {
    exits: {
      io_in: exitReading(exits, ExitKind.IO_IN),
      io_out: exitReading(exits, ExitKind.IO_OUT),
      mmio_read: exitReading(exits, ExitKind.MMIO_READ),
      mmio_write: exitReading(exits, ExitKind.MMIO_WRITE),
    },
    interrupted,
    failures,
    deviceFaults,
    clockFailures,
  };
}

function exitReading(exits: ExitCounters, kind: ExitKind): ExitReading {
  const { sum, shortest, longest } = exits.times(kind);
  const us = (ns: number): number => Math.round(ns / 1e3);
  return { count: exits.of(kind), sumUs: us(sum), shortestUs: us(shortest), longestUs: us(longest) };
}
