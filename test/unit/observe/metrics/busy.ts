/** A machine at which everything happened that can. */

import { newCounts } from "../../../../src/observe/metrics/counts.ts";
import { COMMON, OWN } from "../../../../src/observe/metrics/device-metrics.ts";
import type { DeviceReading, ExitReading, Readings } from "../../../../src/observe/metrics/readings.ts";
import { readings } from "./readings.ts";

const EXITS: ExitReading = { count: 3, sumUs: 9, shortestUs: 1, longestUs: 5 };
const RESOURCES =
  "actions boot-source drives logger machine-config cpu-config metrics network-interfaces vsock serial mmds pmem hotplug version";

export function busyReadings(): Readings {
  return readings({
    vcpus: [
      {
        exits: { io_in: EXITS, io_out: EXITS, mmio_read: EXITS, mmio_write: EXITS },
        interrupted: 1,
        failures: 1,
        deviceFaults: 1,
        clockFailures: 1,
      },
    ],
    devices: (Object.keys(OWN) as (keyof typeof OWN)[]).map(busyDevice),
    serial: { written: 3, read: 2, dropped: 1 },
    keyboard: { reads: 1, writes: 1, resets: 1 },
    forbiddenCalls: 1,
    counts: busyCounts(),
  });
}

/** Each of its errors once, so that no difference of them is zero. */
function busyDevice(kind: keyof typeof OWN): DeviceReading {
  const names = [...Object.keys(COMMON), ...Object.keys(OWN[kind])];
  const once = Object.fromEntries(names.map((name) => [name, 1]));
  const counters = { ...once, faults: 3, activationFailures: 1, brokenChains: 2, errors: 9 };
  return { kind, id: kind, counters, kicks: [1, 1] };
}

function busyCounts(): Readings["counts"] {
  const counts = newCounts();
  for (const method of ["GET", "PUT", "PATCH"]) {
    for (const resource of ["", ...RESOURCES.split(" ")])
      counts.api[`${method} ${resource}`] = { requests: 2, failures: 1 };
  }
  for (const signal of [1, 24]) counts.signals[signal] = 1;
  counts.deprecatedRequests = counts.missedMetrics = counts.panics = 1;
  Object.assign(counts.latencies, { pauseRequest: 1, resumeRequest: 1, pause: 1, resume: 1 });
  Object.assign(counts.log, { missed: 1, limited: 1 });
  Object.assign(counts.startUp, { wallUs: 1, cpuUs: 1 });
  return counts;
}
