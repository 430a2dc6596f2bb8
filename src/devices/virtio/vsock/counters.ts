/** What the vsock device counts, since the start. */
export interface VsockCounters {
  /** Data, both ways together. */
  bytes: number;
  /** Packets of the guest's that were none, not from it to its host, or against the rules of their connection. */
  errors: number;
  /** From the guest, to the guest; bytes are data. */
  txPackets: number;
  txBytes: number;
  rxPackets: number;
  rxBytes: number;
  /** Connections opened by the guest, by the host. */
  guestConnections: number;
  hostConnections: number;
  /** Connections volt reset, and those it refused because there were too many. */
  resets: number;
  refused: number;
  /** Answers to packets without a connection that were dropped: too many waited. */
  droppedReplies: number;
  /** Receive buffers without room for a header. */
  shortBuffers: number;
  [name: string]: number;
}

export function newCounters(): VsockCounters {
  return {
    bytes: 0,
    errors: 0,
    txPackets: 0,
    txBytes: 0,
    rxPackets: 0,
    rxBytes: 0,
    guestConnections: 0,
    hostConnections: 0,
    resets: 0,
    refused: 0,
    droppedReplies: 0,
    shortBuffers: 0,
  };
}
