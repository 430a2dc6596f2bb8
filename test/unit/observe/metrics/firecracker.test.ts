/** Firecracker's metrics: which fields there are, and what each line says. */
import { expect, test } from "bun:test";
import { type LineExtras, MetricsLines } from "../../../../src/observe/metrics/firecracker/lines.ts";
import type { Readings } from "../../../../src/observe/metrics/readings.ts";
import { device, readings, vcpuReading } from "./readings.ts";

type Group = Record<string, number | Record<string, number>>;
type Line = Record<string, Group>;

const words = (text: string): string[] => text.trim().split(/\s+/);
const TIMES = ["max_us", "min_us", "sum_us"];

/** Firecracker 1.16's, as its own tests demand them: all of these, and none besides. */
const GROUPS: Readonly<Record<string, string>> = {
  api_server: "process_startup_time_us process_startup_time_cpu_us",
  balloon: `activate_fails inflate_count stats_updates_count stats_update_fails deflate_count event_fails free_page_report_count
    free_page_report_freed free_page_report_fails free_page_hint_count free_page_hint_freed free_page_hint_fails`,
  block: `activate_fails cfg_fails no_avail_buffer event_fails execute_fails invalid_reqs_count flush_count queue_event_count
    rate_limiter_event_count update_count update_fails read_bytes write_bytes read_count write_count read_agg write_agg
    rate_limiter_throttled_events io_engine_throttled_events remaining_reqs_count`,
  deprecated_api: "deprecated_http_api_calls",
  get_api_requests: "instance_info_count machine_cfg_count mmds_count vmm_version_count hotplug_memory_count",
  i8042: "error_count missed_read_count missed_write_count read_count reset_count write_count",
  uart: `error_count flush_count missed_read_count missed_write_count read_count write_count
    rate_limiter_dropped_bytes`,
  latencies_us: `full_create_snapshot diff_create_snapshot load_snapshot pause_vm resume_vm vmm_full_create_snapshot
    vmm_diff_create_snapshot vmm_load_snapshot vmm_pause_vm vmm_resume_vm`,
  logger: "missed_metrics_count metrics_fails missed_log_count rate_limited_log_count",
  mmds: `rx_accepted rx_accepted_err rx_accepted_unusual rx_bad_eth rx_invalid_token rx_no_token rx_count tx_bytes tx_count
    tx_errors tx_frames connections_created connections_destroyed`,
  net: `activate_fails cfg_fails no_rx_avail_buffer no_tx_avail_buffer event_fails rx_queue_event_count
    rx_event_rate_limiter_count rx_rate_limiter_throttled rx_tap_event_count rx_bytes_count rx_packets_count rx_fails rx_count
    tap_read_fails tap_write_fails tap_write_agg tx_bytes_count tx_malformed_frames tx_fails tx_count tx_packets_count
    tx_queue_event_count tx_rate_limiter_event_count tx_rate_limiter_throttled tx_spoofed_mac_count
    tx_remaining_reqs_count`,
  patch_api_requests: `drive_count drive_fails network_count network_fails machine_cfg_count machine_cfg_fails mmds_count
    mmds_fails hotplug_memory_count hotplug_memory_fails pmem_count pmem_fails`,
  put_api_requests: `actions_count actions_fails boot_source_count boot_source_fails drive_count drive_fails logger_count
    logger_fails machine_cfg_count machine_cfg_fails cpu_cfg_count cpu_cfg_fails metrics_count metrics_fails network_count
    network_fails mmds_count mmds_fails vsock_count vsock_fails pmem_count pmem_fails serial_count serial_fails
    hotplug_memory_count hotplug_memory_fails`,
  seccomp: "num_faults",
  vcpu: `exit_io_in exit_io_out exit_mmio_read exit_mmio_write failures kvmclock_ctrl_fails exit_io_in_agg exit_io_out_agg
    exit_mmio_read_agg exit_mmio_write_agg`,
  vmm: "panic_count",
  signals: "sigbus sigsegv sigxfsz sigxcpu sigpipe sighup sigill",
  vsock: `activate_fails cfg_fails rx_queue_event_fails tx_queue_event_fails ev_queue_event_fails muxer_event_fails
    conn_event_fails rx_queue_event_count tx_queue_event_count rx_bytes_count tx_bytes_count rx_packets_count tx_packets_count
    conns_added conns_killed conns_removed killq_resync tx_flush_fails tx_write_fails rx_read_fails`,
  entropy: `activate_fails entropy_event_fails entropy_event_count entropy_bytes host_rng_fails
    entropy_rate_limiter_throttled rate_limiter_event_count`,
  interrupts: "triggers config_updates",
  pmem: `activate_fails cfg_fails event_fails queue_event_count rate_limiter_throttled_events
    rate_limiter_event_count`,
  memory_hotplug: `activate_fails queue_event_fails queue_event_count plug_agg plug_count plug_bytes plug_fails unplug_agg
    unplug_count unplug_bytes unplug_fails unplug_discard_fails unplug_all_agg unplug_all_count unplug_all_fails state_agg
    state_count state_fails`,
};

/** What one writer of lines makes of these readings, one after the other. */
function linesOf(each: readonly Readings[], extras: LineExtras = {}): Line[] {
  const writer = new MetricsLines(extras);
  return each.map((one) => {
    let text = "";
    writer.next(one, (line) => {
      text = line;
      return true;
    });
    expect(text).toMatch(/^\{[^\n]*\}\n$/);
    return JSON.parse(text);
  });
}

test("a line has all groups and fields, and no others, also of a machine without devices", () => {
  const [line] = linesOf([readings()]);
  const { utc_timestamp_ms, ...groups } = line!;
  expect(utc_timestamp_ms as unknown).toBe(1_700_000_000_123);
  expect(Object.keys(line!)[0]).toBe("utc_timestamp_ms");
  expect(Object.keys(groups).sort()).toEqual(Object.keys(GROUPS).sort());
  for (const [name, fields] of Object.entries(GROUPS)) {
    expect(Object.keys(groups[name]!).sort()).toEqual(words(fields).sort());
    for (const [field, value] of Object.entries(groups[name]!)) {
      if (field.endsWith("_agg")) expect(Object.keys(value).sort()).toEqual(TIMES);
      else expect(value).toBe(0);
    }
  }
});

test("each disk and card has a group of its own, and its kind their sum", () => {
  const devices = [
    device("block", "a", { reads: 2, readBytes: 1024 }),
    device("block", "b", { reads: 3 }),
    { ...device("net", "eth0", { rxPackets: 7 }), kicks: [1, 2, 4, 8, 100] },
  ];
  const [line] = linesOf([readings({ devices })]);
  expect([line!["block_a"]!["read_count"], line!["block_b"]!["read_count"]]).toEqual([2, 3]);
  expect(line!["block"]).toMatchObject({
    read_count: 5,
    read_bytes: 1024,
    read_agg: { min_us: 0, max_us: 0, sum_us: 0 },
  });
  expect(Object.keys(line!["block_a"]!)).toEqual(Object.keys(line!["block"]!));
  expect(line!["net_eth0"]).toMatchObject({ rx_packets_count: 7, rx_queue_event_count: 5, tx_queue_event_count: 10 });
});

test("the metadata service is told of as one, whichever card its frames came by", () => {
  const counters = { mmdsRxFrames: 2, mmdsRxErrors: 1, mmdsTxBytes: 100, mmdsTxFrames: 3, mmdsNoToken: 1 };
  const [line] = linesOf([readings({ devices: [device("net", "a", counters), device("net", "b", counters)] })]);
  expect(line!["mmds"]).toMatchObject({
    ...{ rx_accepted: 4, rx_accepted_err: 2, rx_no_token: 2, rx_invalid_token: 0 },
    ...{ tx_bytes: 200, tx_frames: 6, connections_created: 0 },
  });
});

test("counters are told as what came since the line before, values as they are", () => {
  const at = (written: number, pause: number): Readings => {
    const one = readings({ serial: { written, read: 0, dropped: 0 } });
    one.counts.latencies.pause = pause;
    return one;
  };
  const lines = linesOf([at(5, 0), at(7, 900), at(7, 900)]);
  expect(lines.map((line) => line["uart"]!["write_count"])).toEqual([5, 2, 0]);
  expect(lines.map((line) => line["latencies_us"]!["vmm_pause_vm"])).toEqual([0, 900, 900]);
});

test("a word that began anew still tells what came", () => {
  const at = (written: number) => readings({ serial: { written, read: 0, dropped: 0 } });
  expect(linesOf([at(2 ** 32 - 3), at(4)]).at(-1)!["uart"]!["write_count"]).toBe(7);
});

test("times: the shortest and longest of all vCPUs, and how long since the line before", () => {
  const exits = (sumUs: number, shortestUs: number, longestUs: number) =>
    vcpuReading({ mmio_write: { count: 2, sumUs, shortestUs, longestUs } });
  const [first, second] = linesOf([
    readings({ vcpus: [exits(10, 4, 6), exits(20, 1, 19), vcpuReading()] }),
    readings({ vcpus: [exits(15, 4, 6), exits(20, 1, 19), vcpuReading()] }),
  ]);
  expect(first!["vcpu"]).toMatchObject({
    exit_mmio_write: 4,
    exit_mmio_write_agg: { min_us: 1, max_us: 19, sum_us: 30 },
  });
  expect(second!["vcpu"]!["exit_mmio_write_agg"]).toEqual({ min_us: 1, max_us: 19, sum_us: 5 });
});

test("requests are told by their resource", () => {
  const one = readings();
  one.counts.api["PUT boot-source"] = { requests: 3, failures: 1 };
  one.counts.api["PATCH network-interfaces"] = { requests: 2, failures: 2 };
  one.counts.api["GET "] = { requests: 9, failures: 0 };
  const [line] = linesOf([one]);
  expect(line!["put_api_requests"]).toMatchObject({ boot_source_count: 3, boot_source_fails: 1, drive_count: 0 });
  expect(line!["patch_api_requests"]).toMatchObject({ network_count: 2, network_fails: 2 });
  expect(line!["get_api_requests"]).toMatchObject({ instance_info_count: 9 });
});

test("no count goes below zero when a device breaks in any way", () => {
  const counters = { errors: 6, brokenChains: 2, faults: 3, activationFailures: 3 };
  const kinds = ["block", "net", "vsock", "entropy", "balloon"] as const;
  const [line] = linesOf([readings({ devices: kinds.map((kind) => device(kind, "x", counters)) })]);
  for (const kind of kinds) {
    for (const value of Object.values(line![kind]!)) if (typeof value === "number") expect(value).toBeLessThan(10);
  }
});

test("who it is of and what its operator wants on it come first, where they are wanted", () => {
  const extras = { id: "one", properties: { rack: "b7" } };
  const [line] = linesOf([readings()], extras);
  expect(Object.keys(line!).slice(0, 3)).toEqual(["utc_timestamp_ms", "id", "properties"]);
  expect(line).toMatchObject({ id: "one", properties: { rack: "b7" } });
});

test("what a lost line told is told by the next", () => {
  const writer = new MetricsLines();
  const at = (written: number) => readings({ serial: { written, read: 0, dropped: 0 } });
  expect(writer.next(at(5), () => false)).toBe(false);
  const lines: string[] = [];
  expect(writer.next(at(8), (line) => lines.push(line) > 0)).toBe(true);
  expect(JSON.parse(lines[0]!).uart.write_count).toBe(8);
});
