import type { DeviceReading } from "../../observe/metrics/readings.ts";
import type { VirtioBackend } from "./backend.ts";

/** What a device did since the start: what every kind counts, and after that what its own kind does. */
export interface DeviceCounters {
  readonly [name: string]: number;
  /** Requests (buffers of a network device) taken from its queues. */
  readonly operations: number;
  /** Bytes that went through it, either way. */
  readonly bytes: number;
  /** Requests that failed, broken chains, and faults that only a reset mends. */
  readonly errors: number;
  readonly interrupts: number;
  /** Interrupts that the driver did not want. */
  readonly interruptsSuppressed: number;
  /** How often a rate limiter made it wait. */
  readonly throttles: number;
}

/** One device's counters under their common names, for metrics and the log. A kind's own `bytes`, `errors` and `throttles` go in. */
export function deviceCounters({ device, counters, kicks: ofQueues }: VirtioBackend): DeviceCounters {
  const { chains, interrupts, interruptsSuppressed, brokenChains, faults, activationFailures } = counters;
  const kicks = ofQueues.reduce((sum, count) => sum + count, 0);
  const { bytes = 0, errors = 0, throttles = 0, ...own } = device.counters;
  const common = { operations: chains, bytes, errors: errors + brokenChains + faults };
  return {
    ...common,
    interrupts,
    interruptsSuppressed,
    throttles,
    kicks,
    brokenChains,
    faults,
    activationFailures,
    ...own,
  };
}

/** What metrics are told of a device. */
export function deviceReading(backend: VirtioBackend): DeviceReading {
  const { countedAs, name } = backend.device;
  return { kind: countedAs, id: name, counters: deviceCounters(backend), kicks: backend.kicks };
}

/** In words, without what is zero: `rng: operations 3, bytes 192, interrupts 3`. */
export function describeCounters(name: string, counters: Readonly<Record<string, number>>): string {
  const counted = Object.entries(counters).filter(([, count]) => count !== 0);
  return `${name}: ${counted.map(([what, count]) => `${what} ${count}`).join(", ") || "never used"}`;
}
