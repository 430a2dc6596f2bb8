import { RequestStatus, RequestType } from "./layout.ts";
import type { BlkRequest } from "./request.ts";

/** What a disk counts, since the start. Requests are counted when they are done. */
export interface BlkCounters {
  reads: number;
  readBytes: number;
  writes: number;
  writtenBytes: number;
  /** Both together. */
  bytes: number;
  flushes: number;
  discards: number;
  writeZeroes: number;
  getIds: number;
  /** Requests that failed: the host's file did, or they made no sense. */
  errors: number;
  /** Of a kind this disk does not do. */
  unsupported: number;
  /** Times that a queue had to wait because as many requests as may be were under way. */
  stalls: number;
  /** How often the rate limiter made the disk wait. */
  throttles: number;
  /** How often it called the disk back. */
  refills: number;
  [name: string]: number;
}

export function newCounters(): BlkCounters {
  return {
    reads: 0,
    readBytes: 0,
    writes: 0,
    writtenBytes: 0,
    bytes: 0,
    flushes: 0,
    discards: 0,
    writeZeroes: 0,
    getIds: 0,
    errors: 0,
    unsupported: 0,
    stalls: 0,
    throttles: 0,
    refills: 0,
  };
}

/** A request is done. */
export function countRequest(counters: BlkCounters, { type, moved }: BlkRequest, status: number): void {
  if (status === RequestStatus.UNSUPP) counters.unsupported++;
  else if (status === RequestStatus.IOERR) counters.errors++;
  else if (type === RequestType.IN) {
    counters.reads++;
    counters.readBytes += moved;
    counters.bytes += moved;
  } else if (type === RequestType.OUT) {
    counters.writes++;
    counters.writtenBytes += moved;
    counters.bytes += moved;
  } else if (type === RequestType.FLUSH) counters.flushes++;
  else if (type === RequestType.DISCARD) counters.discards++;
  else if (type === RequestType.WRITE_ZEROES) counters.writeZeroes++;
  else counters.getIds++;
}
