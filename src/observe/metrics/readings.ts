/** All that is measured of a machine at one moment: what each format of metrics is written from. */
import type { Mark } from "../timeline.ts";
import type { Counts } from "./counts.ts";

export interface DeviceReading {
  /** "block". */
  readonly kind: string;
  /** Its id in the configuration. */
  readonly id: string;
  /** Since the start: what every kind counts, and what its own does. */
  readonly counters: Readonly<Record<string, number>>;
  /** Kicks of each of its queues. */
  readonly kicks: readonly number[];
}

export const EXIT_REASONS = ["io_in", "io_out", "mmio_read", "mmio_write"] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

/** Exits of a kind, and their times in microseconds: 0 where nobody took them. */
export interface ExitReading {
  readonly count: number;
  readonly sumUs: number;
  readonly shortestUs: number;
  readonly longestUs: number;
}

export interface VcpuReading {
  readonly exits: Readonly<Record<ExitReason, ExitReading>>;
  /** Exits because of a kick or a signal. */
  readonly interrupted: number;
  /** Exits that can't be served: each is the machine's end. */
  readonly failures: number;
  readonly deviceFaults: number;
  /** Pauses that the guest's clock was not told of. */
  readonly clockFailures: number;
}

export interface Readings {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly id: string;
  readonly version: string;
  readonly isPaused: boolean;
  readonly memoryBytes: number;
  readonly vcpus: readonly VcpuReading[];
  readonly devices: readonly DeviceReading[];
  /** Bytes, each modulo 2^32. */
  readonly serial: { readonly written: number; readonly read: number; readonly dropped: number };
  /** Accesses of the keyboard controller, each modulo 2^32. */
  readonly keyboard: { readonly reads: number; readonly writes: number; readonly resets: number };
  /** System calls that the sandbox forbids; only an audit lives to count them. */
  readonly forbiddenCalls: number;
  /** Of all threads of the process. */
  readonly cpuSeconds: number;
  /** The phases of start and boot so far. */
  readonly timeline: readonly Mark[];
  readonly counts: Counts;
}
