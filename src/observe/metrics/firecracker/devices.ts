/**
 * The groups of Firecracker's metrics that tell of virtio devices, from volt's counters. What Firecracker counts and volt
 * has no counterpart for is 0: docs/metrics.md lists it.
 */
import type { DeviceReading } from "../readings.ts";
import { type Group, NO_TIMES } from "./fields.ts";

/** A counter that is not there counts nothing: the machine has no such device. */
type Counters = (name: string) => number;

/** No device at all: each group is there all the same. */
const NONE: Pick<DeviceReading, "counters" | "kicks"> = { counters: {}, kicks: [] };

export function blockGroup(device = NONE): Group {
  const count = countersOf(device);
  return {
    activate_fails: count("activationFailures"),
    cfg_fails: 0,
    no_avail_buffer: 0,
    event_fails: count("faults") - count("activationFailures"),
    execute_fails: count("errors") - count("brokenChains") - count("faults"),
    invalid_reqs_count: count("brokenChains") + count("unsupported"),
    flush_count: count("flushes"),
    queue_event_count: count("kicks"),
    rate_limiter_event_count: count("refills"),
    update_count: 0,
    update_fails: 0,
    read_bytes: count("readBytes"),
    write_bytes: count("writtenBytes"),
    read_count: count("reads"),
    write_count: count("writes"),
    read_agg: NO_TIMES,
    write_agg: NO_TIMES,
    rate_limiter_throttled_events: count("throttles"),
    io_engine_throttled_events: count("stalls"),
    remaining_reqs_count: 0,
  };
}

export function netGroup(device = NONE): Group {
  const count = countersOf(device);
  const kicks = pairKicks(device.kicks);
  return {
    activate_fails: count("activationFailures"),
    cfg_fails: count("badCommands"),
    no_rx_avail_buffer: count("rxWaits"),
    no_tx_avail_buffer: 0,
    event_fails: count("faults") - count("activationFailures"),
    rx_queue_event_count: kicks.rx,
    rx_event_rate_limiter_count: count("rxRefills"),
    rx_rate_limiter_throttled: count("rxThrottles"),
    rx_tap_event_count: count("tapEvents"),
    rx_bytes_count: count("rxBytes"),
    rx_packets_count: count("rxPackets"),
    rx_fails: count("rxTooLong") + count("rxUselessBuffers"),
    rx_count: count("rxPackets"),
    tap_read_fails: count("rxFailures"),
    tap_write_fails: count("txRefused"),
    tap_write_agg: NO_TIMES,
    tx_bytes_count: count("txBytes"),
    tx_malformed_frames: count("txMalformed"),
    tx_fails: count("txMalformed") + count("txRefused"),
    tx_count: count("txPackets"),
    tx_packets_count: count("txPackets"),
    tx_queue_event_count: kicks.tx,
    tx_rate_limiter_event_count: count("txRefills"),
    tx_rate_limiter_throttled: count("txThrottles"),
    tx_spoofed_mac_count: 0,
    tx_remaining_reqs_count: 0,
  };
}

export function balloonGroup(device = NONE): Group {
  const count = countersOf(device);
  return {
    activate_fails: count("activationFailures"),
    inflate_count: count("inflations"),
    stats_updates_count: count("statistics"),
    stats_update_fails: 0,
    deflate_count: count("deflations"),
    event_fails: count("errors") - count("activationFailures"),
    free_page_report_count: count("reports"),
    free_page_report_freed: count("reportedBytes"),
    free_page_report_fails: 0,
    free_page_hint_count: count("hints"),
    free_page_hint_freed: count("hintedBytes"),
    free_page_hint_fails: 0,
  };
}

export function vsockGroup(device = NONE): Group {
  const count = countersOf(device);
  const [rx = 0, tx = 0] = device.kicks;
  return {
    activate_fails: count("activationFailures"),
    cfg_fails: 0,
    rx_queue_event_fails: 0,
    tx_queue_event_fails: count("errors") - count("activationFailures"),
    ev_queue_event_fails: 0,
    muxer_event_fails: 0,
    conn_event_fails: 0,
    rx_queue_event_count: rx,
    tx_queue_event_count: tx,
    rx_bytes_count: count("rxBytes"),
    tx_bytes_count: count("txBytes"),
    rx_packets_count: count("rxPackets"),
    tx_packets_count: count("txPackets"),
    conns_added: count("guestConnections") + count("hostConnections"),
    conns_killed: count("resets"),
    conns_removed: 0,
    killq_resync: 0,
    tx_flush_fails: 0,
    tx_write_fails: 0,
    rx_read_fails: 0,
  };
}

export function entropyGroup(device = NONE): Group {
  const count = countersOf(device);
  return {
    activate_fails: count("activationFailures"),
    entropy_event_fails: count("empty") + count("brokenChains") + count("faults") - count("activationFailures"),
    entropy_event_count: count("requests"),
    entropy_bytes: count("bytes"),
    host_rng_fails: count("errors") - count("brokenChains") - count("faults"),
    entropy_rate_limiter_throttled: count("throttles"),
    rate_limiter_event_count: count("refills"),
  };
}

function countersOf({ counters }: Pick<DeviceReading, "counters">): Counters {
  return (name) => counters[name] ?? 0;
}

/** Queues come in pairs, receive and transmit; a last one alone is for control. */
function pairKicks(kicks: readonly number[]): { readonly rx: number; readonly tx: number } {
  let [rx, tx] = [0, 0];
  for (let queue = 0; queue + 1 < kicks.length; queue += 2) {
    rx += kicks[queue]!;
    tx += kicks[queue + 1]!;
  }
  return { rx, tx };
}
