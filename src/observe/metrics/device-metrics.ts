/** Metrics of the virtio devices: those every kind has, and each kind's own, by the names of its counters. */
import type { Metric } from "./metric.ts";

/** A counter's metric, after the prefix, and what it means. */
type Described = readonly [suffix: string, help: string];

/** What every kind counts: `volt_device_...`, with the kind as a label. */
export const COMMON: Readonly<Record<string, Described>> = {
  operations: ["operations_total", "Requests (of a network card: buffers) taken from the queues."],
  bytes: ["bytes_total", "Bytes that went through it, either way; of a balloon: given back to the host."],
  errors: ["errors_total", "Requests that failed, broken chains, and faults."],
  interrupts: ["interrupts_total", "Interrupts it raised."],
  interruptsSuppressed: ["interrupts_suppressed_total", "Interrupts its driver did not want."],
  throttles: ["throttles_total", "How often a rate limiter made it wait."],
  kicks: ["kicks_total", "Notifications of its driver."],
  brokenChains: ["broken_chains_total", "Requests that were against the rules of the queue."],
  faults: ["faults_total", "Mistakes only a reset mends."],
  activationFailures: ["activation_failures_total", "Drivers that could not be worked with."],
};

/** What each kind counts besides: `volt_<kind>_...`. A kind that is not here has what every kind has. */
export const OWN = {
  block: {
    reads: ["reads_total", "Reads that were done."],
    readBytes: ["read_bytes_total", "Bytes read."],
    writes: ["writes_total", "Writes that were done."],
    writtenBytes: ["written_bytes_total", "Bytes written."],
    flushes: ["flushes_total", "Flushes that were done."],
    discards: ["discards_total", "Discards that were done."],
    writeZeroes: ["write_zeroes_total", "Requests to write zeros that were done."],
    getIds: ["get_ids_total", "Requests for the disk's id."],
    unsupported: ["unsupported_total", "Requests of kinds the disk does not do."],
    stalls: ["stalls_total", "How often a queue waited because too many requests were under way."],
    refills: ["refills_total", "How often its rate limiter called it back."],
  },
  net: {
    rxPackets: ["received_packets_total", "Packets the guest got."],
    rxBytes: ["received_bytes_total", "Their bytes, headers included."],
    rxTooLong: ["received_too_long_total", "Packets no buffer was big enough for."],
    rxUselessBuffers: ["received_useless_buffers_total", "Buffers without a byte to write in."],
    rxWaits: ["received_waits_total", "How often a packet waited for the guest's buffers."],
    rxFailures: ["received_failures_total", "Failures to read from the TAP."],
    rxThrottles: ["received_throttles_total", "How often its rate limiter made packets wait."],
    rxRefills: ["received_refills_total", "How often that limiter let them go on."],
    txPackets: ["sent_packets_total", "Packets the guest sent."],
    txBytes: ["sent_bytes_total", "Their bytes, headers included."],
    txMalformed: ["sent_malformed_total", "Packets that were none."],
    txRefused: ["sent_refused_total", "Packets the TAP took nothing of."],
    txWaits: ["sent_waits_total", "How often a packet waited for room in the TAP."],
    txThrottles: ["sent_throttles_total", "How often its rate limiter made packets wait."],
    txRefills: ["sent_refills_total", "How often that limiter let them go on."],
    tapEvents: ["tap_events_total", "How often the TAP woke it."],
    commands: ["commands_total", "Control commands that were done."],
    badCommands: ["bad_commands_total", "Control commands that were refused."],
    tapGone: ["tap_gone_total", "TAPs that were deleted."],
    mmdsRxFrames: ["mmds_received_frames_total", "Frames of the guest's for the metadata service."],
    mmdsRxErrors: ["mmds_received_errors_total", "Those among them that made no sense."],
    mmdsTxFrames: ["mmds_sent_frames_total", "Frames of that service for the guest."],
    mmdsTxBytes: ["mmds_sent_bytes_total", "Their bytes."],
    mmdsRequests: ["mmds_requests_total", "Requests it answered, whatever with."],
    mmdsNoToken: ["mmds_no_token_total", "GETs without a session token."],
    mmdsInvalidToken: ["mmds_invalid_token_total", "GETs with one that is not good."],
    mmdsConnectionsCreated: ["mmds_connections_created_total", "TCP connections made to it."],
    mmdsConnectionsDestroyed: ["mmds_connections_destroyed_total", "TCP connections to it that ended."],
    mmdsConnectionsRefused: ["mmds_connections_refused_total", "TCP connections refused because there were too many."],
  },
  vsock: {
    txPackets: ["sent_packets_total", "Packets of the guest's."],
    txBytes: ["sent_bytes_total", "Data in them."],
    rxPackets: ["received_packets_total", "Packets for the guest."],
    rxBytes: ["received_bytes_total", "Data in them."],
    guestConnections: ["guest_connections_total", "Connections the guest opened."],
    hostConnections: ["host_connections_total", "Connections the host opened."],
    resets: ["resets_total", "Connections volt reset."],
    refused: ["refused_total", "Connections refused because there were too many."],
    droppedReplies: ["dropped_replies_total", "Answers that were dropped because too many waited."],
    shortBuffers: ["short_buffers_total", "Receive buffers without room for a header."],
  },
  entropy: {
    requests: ["requests_total", "Requests that were done."],
    empty: ["empty_total", "Requests that got nothing."],
    refills: ["refills_total", "How often its rate limiter called it back."],
  },
  console: { controlMessages: ["control_messages_total", "Control messages of its driver."] },
  balloon: {
    inflations: ["inflations_total", "Requests that gave pages up."],
    inflatedPages: ["inflated_pages_total", "Pages of 4 KiB in them."],
    deflations: ["deflations_total", "Requests that took pages back."],
    deflatedPages: ["deflated_pages_total", "Pages of 4 KiB in them."],
    reports: ["reports_total", "Reports of free pages."],
    reportedBytes: ["reported_bytes_total", "Bytes in them that went back to the host."],
    hints: ["hints_total", "Hints of free pages."],
    hintedBytes: ["hinted_bytes_total", "Bytes in them that went back to the host."],
    statistics: ["statistics_total", "Statistics the guest gave."],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Described>>>>;

export function deviceMetrics(): Metric[] {
  const common = Object.entries(COMMON).map(
    ([counter, [suffix, help]]): Metric => ({
      name: `volt_device_${suffix}`,
      type: "counter",
      help,
      labels: ["device", "kind"],
      read: ({ devices }) =>
        devices.map(({ id, kind, counters }) => ({ of: [id, kind], value: counters[counter] ?? 0 })),
    }),
  );
  const own = Object.entries(OWN).flatMap(([kind, counters]) =>
    Object.entries(counters).map(([counter, [suffix, help]]) => ofKind(kind, counter, suffix, help)),
  );
  return [...common, ...own];
}

function ofKind(kind: string, counter: string, suffix: string, help: string): Metric {
  return {
    name: `volt_${kind}_${suffix}`,
    type: "counter",
    help,
    labels: ["device"],
    read: ({ devices }) =>
      devices
        .filter((device) => device.kind === kind)
        .map(({ id, counters }) => ({ of: [id], value: counters[counter] ?? 0 })),
  };
}
