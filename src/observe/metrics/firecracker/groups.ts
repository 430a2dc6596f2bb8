/** All groups of a line of Firecracker's metrics (1.16), in its order. */
import type { ApiCount, Counts } from "../counts.ts";
import { EXIT_REASONS, type Readings } from "../readings.ts";
import { balloonGroup, blockGroup, entropyGroup, netGroup, vsockGroup } from "./devices.ts";
import { type Group, NO_TIMES, sumOf, times, Value } from "./fields.ts";

export function groupsOf(readings: Readings): Readonly<Record<string, Group>> {
  const { counts, serial, keyboard, forbiddenCalls } = readings;
  return {
    api_server: {
      process_startup_time_us: new Value(counts.startUp.wallUs),
      process_startup_time_cpu_us: new Value(counts.startUp.cpuUs),
    },
    balloon: single(readings, "balloon", balloonGroup),
    ...perDevice(readings, "block", blockGroup),
    deprecated_api: { deprecated_http_api_calls: counts.deprecatedRequests },
    get_api_requests: getRequests(counts),
    i8042: {
      error_count: 0,
      missed_read_count: 0,
      missed_write_count: 0,
      read_count: keyboard.reads,
      reset_count: keyboard.resets,
      write_count: keyboard.writes,
    },
    uart: {
      error_count: 0,
      flush_count: 0,
      missed_read_count: 0,
      missed_write_count: serial.dropped + counts.lostConsoleBytes.missed,
      read_count: serial.read,
      write_count: serial.written,
      rate_limiter_dropped_bytes: counts.lostConsoleBytes.limited,
    },
    latencies_us: latencies(counts),
    logger: {
      missed_metrics_count: counts.missedMetrics,
      metrics_fails: 0,
      missed_log_count: counts.log.missed,
      rate_limited_log_count: counts.log.limited,
    },
    mmds: mmdsGroup(readings),
    ...perDevice(readings, "net", netGroup),
    patch_api_requests: requests(counts, "PATCH", PATCH_RESOURCES),
    put_api_requests: requests(counts, "PUT", PUT_RESOURCES),
    seccomp: { num_faults: new Value(forbiddenCalls) },
    vcpu: vcpuGroup(readings),
    vmm: { panic_count: new Value(counts.panics) },
    signals: signals(counts),
    vsock: single(readings, "vsock", vsockGroup),
    entropy: single(readings, "entropy", entropyGroup),
    pmem: PMEM,
    interrupts: {
      triggers: readings.devices.reduce((sum, { counters }) => sum + (counters["interrupts"] ?? 0), 0),
      config_updates: 0,
    },
    memory_hotplug: MEMORY_HOTPLUG,
  };
}

/** Of each device `<group>_<id>`, and all of them together. */
function perDevice(
  { devices }: Readings,
  kind: string,
  groupOf: (device?: Readings["devices"][number]) => Group,
): Record<string, Group> {
  const groups = devices
    .filter((device) => device.kind === kind)
    .map((device) => [device.id, groupOf(device)] as const);
  const named = groups.map(([id, group]) => [`${kind}_${id}`, group] as const);
  const all = sumOf(
    groups.map(([, group]) => group),
    groupOf(),
  );
  return { ...Object.fromEntries(named), [kind]: all };
}

/** Of all cards: the service behind them is one. */
function mmdsGroup({ devices }: Readings): Group {
  const count = (name: string): number =>
    devices.filter(({ kind }) => kind === "net").reduce((sum, { counters }) => sum + (counters[name] ?? 0), 0);
  return {
    rx_accepted: count("mmdsRxFrames"),
    rx_accepted_err: count("mmdsRxErrors"),
    rx_accepted_unusual: 0,
    rx_bad_eth: 0,
    rx_invalid_token: count("mmdsInvalidToken"),
    rx_no_token: count("mmdsNoToken"),
    rx_count: count("mmdsRxFrames"),
    tx_bytes: count("mmdsTxBytes"),
    tx_count: count("mmdsTxFrames"),
    tx_errors: 0,
    tx_frames: count("mmdsTxFrames"),
    connections_created: count("mmdsConnectionsCreated"),
    connections_destroyed: count("mmdsConnectionsDestroyed"),
  };
}

function single({ devices }: Readings, kind: string, groupOf: (device?: Readings["devices"][number]) => Group): Group {
  return groupOf(devices.find((device) => device.kind === kind));
}

function vcpuGroup({ vcpus }: Readings): Group {
  const sum = (pick: (vcpu: Readings["vcpus"][number]) => number): number =>
    vcpus.reduce((total, vcpu) => total + pick(vcpu), 0);
  const counted = EXIT_REASONS.map((reason) => [`exit_${reason}`, sum(({ exits }) => exits[reason].count)] as const);
  const timed = EXIT_REASONS.map((reason) => {
    const exits = vcpus.map((vcpu) => vcpu.exits[reason]).filter(({ longestUs }) => longestUs > 0);
    const shortest = exits.length === 0 ? 0 : Math.min(...exits.map(({ shortestUs }) => shortestUs));
    const longest = Math.max(0, ...exits.map(({ longestUs }) => longestUs));
    return [
      `exit_${reason}_agg`,
      times(
        sum((vcpu) => vcpu.exits[reason].sumUs),
        shortest,
        longest,
      ),
    ] as const;
  });
  return {
    ...Object.fromEntries(counted),
    failures: sum(({ failures }) => failures),
    kvmclock_ctrl_fails: sum(({ clockFailures }) => clockFailures),
    ...Object.fromEntries(timed),
  };
}

/** The names of a resource: in a field, and among the API's routes. */
type Resource = readonly [field: string, route: string];

const PUT_RESOURCES: readonly Resource[] = [
  ["actions", "actions"],
  ["boot_source", "boot-source"],
  ["drive", "drives"],
  ["logger", "logger"],
  ["machine_cfg", "machine-config"],
  ["cpu_cfg", "cpu-config"],
  ["metrics", "metrics"],
  ["network", "network-interfaces"],
  ["mmds", "mmds"],
  ["vsock", "vsock"],
  ["pmem", "pmem"],
  ["serial", "serial"],
  ["hotplug_memory", "hotplug"],
];

const PATCH_RESOURCES: readonly Resource[] = [
  ["drive", "drives"],
  ["network", "network-interfaces"],
  ["machine_cfg", "machine-config"],
  ["mmds", "mmds"],
  ["hotplug_memory", "hotplug"],
  ["pmem", "pmem"],
];

function requests(counts: Counts, method: string, resources: readonly Resource[]): Group {
  return Object.fromEntries(
    resources.flatMap(([field, route]) => {
      const { requests: count, failures } = requested(counts, `${method} ${route}`);
      return [
        [`${field}_count`, count],
        [`${field}_fails`, failures],
      ];
    }),
  );
}

function getRequests(counts: Counts): Group {
  const count = (route: string): number => requested(counts, `GET ${route}`).requests;
  return {
    instance_info_count: count(""),
    machine_cfg_count: count("machine-config"),
    mmds_count: count("mmds"),
    vmm_version_count: count("version"),
    hotplug_memory_count: count("hotplug"),
  };
}

function requested({ api }: Counts, route: string): ApiCount {
  return api[route] ?? { requests: 0, failures: 0 };
}

function latencies({ latencies: { pauseRequest, resumeRequest, pause, resume } }: Counts): Group {
  return {
    full_create_snapshot: new Value(0),
    diff_create_snapshot: new Value(0),
    load_snapshot: new Value(0),
    pause_vm: new Value(pauseRequest),
    resume_vm: new Value(resumeRequest),
    vmm_full_create_snapshot: new Value(0),
    vmm_diff_create_snapshot: new Value(0),
    vmm_load_snapshot: new Value(0),
    vmm_pause_vm: new Value(pause),
    vmm_resume_vm: new Value(resume),
  };
}

const SIGNALS = { sigbus: 7, sigsegv: 11, sigxfsz: 25, sigxcpu: 24, sigpipe: 13, sighup: 1, sigill: 4 };

function signals(counts: Counts): Group {
  return Object.fromEntries(
    Object.entries(SIGNALS).map(([name, number]) => [name, new Value(counts.signals[number] ?? 0)]),
  );
}

/** What volt does not have: the groups are there, as they are in a Firecracker that does not use them. */
const PMEM: Group = zeros(
  ...(["activate_fails", "cfg_fails", "event_fails", "queue_event_count"] as const),
  ...(["rate_limiter_throttled_events", "rate_limiter_event_count"] as const),
);

const MEMORY_HOTPLUG: Group = {
  ...zeros("activate_fails", "queue_event_fails", "queue_event_count"),
  plug_agg: NO_TIMES,
  ...zeros("plug_count", "plug_bytes", "plug_fails"),
  unplug_agg: NO_TIMES,
  ...zeros("unplug_count", "unplug_bytes", "unplug_fails", "unplug_discard_fails"),
  unplug_all_agg: NO_TIMES,
  ...zeros("unplug_all_count", "unplug_all_fails"),
  state_agg: NO_TIMES,
  ...zeros("state_count", "state_fails"),
};

function zeros(...names: readonly string[]): Group {
  return Object.fromEntries(names.map((name) => [name, 0]));
}
