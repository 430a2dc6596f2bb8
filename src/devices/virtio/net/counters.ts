import type { ThrottleCounters } from "../limiter/throttle.ts";

/** What a network device counts, since the start. With vhost the data path is the host kernel's, which counts nothing. */
export interface NetCounters {
  /** Both ways. */
  bytes: number;
  /** Packets dropped here, and failures of the TAP. */
  errors: number;
  /** How often a rate limiter made it wait. */
  throttles: number;
  /** The same for each way, and how often it was called back. */
  rxThrottles: number;
  txThrottles: number;
  rxRefills: number;
  txRefills: number;
  /** How often the TAP woke it. */
  tapEvents: number;
  /** Failures to read from the TAP. */
  rxFailures: number;
  /** Packets for the guest, and their bytes with the header. */
  rxPackets: number;
  rxBytes: number;
  /** For which no buffer was big enough, and never would be. */
  rxTooLong: number;
  /** Buffers without a byte to write in. */
  rxUselessBuffers: number;
  /** How often a packet had to wait until the guest gave buffers. */
  rxWaits: number;
  /** Packets of the guest's, and their bytes with the header. */
  txPackets: number;
  txBytes: number;
  /** Dropped: shorter than a header and a frame's own, or longer than any frame. */
  txMalformed: number;
  /** Dropped: the TAP took none of it, for what is in it or because the interface is down. */
  txRefused: number;
  /** How often a packet had to wait for room in the TAP. */
  txWaits: number;
  /** Control commands done, and refused. */
  commands: number;
  badCommands: number;
  /** 1 once the TAP was deleted. */
  tapGone: number;
  [name: string]: number;
}

export function newCounters(): NetCounters {
  return {
    bytes: 0,
    errors: 0,
    throttles: 0,
    rxThrottles: 0,
    txThrottles: 0,
    rxRefills: 0,
    txRefills: 0,
    tapEvents: 0,
    rxFailures: 0,
    rxPackets: 0,
    rxBytes: 0,
    rxTooLong: 0,
    rxUselessBuffers: 0,
    rxWaits: 0,
    txPackets: 0,
    txBytes: 0,
    txMalformed: 0,
    txRefused: 0,
    txWaits: 0,
    commands: 0,
    badCommands: 0,
    tapGone: 0,
  };
}

/** Where the limiter of one way counts; what it makes the device wait counts for the whole as well. */
export function limiterCounters(counters: NetCounters, way: "rx" | "tx"): ThrottleCounters {
  const [throttles, refills] = [`${way}Throttles`, `${way}Refills`];
  return {
    get throttles() {
      return counters[throttles]!;
    },
    set throttles(count) {
      counters.throttles += count - counters[throttles]!;
      counters[throttles] = count;
    },
    get refills() {
      return counters[refills]!;
    },
    set refills(count) {
      counters[refills] = count;
    },
  };
}
