/** What the entropy device counts, since the start. */
export interface RngCounters {
  requests: number;
  bytes: number;
  /** Requests that got nothing: without a writable byte, or because the host failed. */
  empty: number;
  /** The host's generator gave less than was asked for. */
  errors: number;
  /** How often the rate limiter made the device wait. */
  throttles: number;
  /** How often it was called back. */
  refills: number;
  [name: string]: number;
}

export function newCounters(): RngCounters {
  return { requests: 0, bytes: 0, empty: 0, errors: 0, throttles: 0, refills: 0 };
}
