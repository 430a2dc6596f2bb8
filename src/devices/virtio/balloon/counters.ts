/** What the balloon counts, since the start. */
export interface BalloonCounters {
  /** Bytes given back to the host, by whatever way. */
  bytes: number;
  /** Requests of each kind, and what they named. */
  inflations: number;
  inflatedPages: number;
  deflations: number;
  deflatedPages: number;
  reports: number;
  reportedBytes: number;
  hints: number;
  hintedBytes: number;
  statistics: number;
  /** Page numbers outside RAM, requests that are not whole page numbers or far too many. */
  errors: number;
  [name: string]: number;
}

export function newCounters(): BalloonCounters {
  return {
    bytes: 0,
    inflations: 0,
    inflatedPages: 0,
    deflations: 0,
    deflatedPages: 0,
    reports: 0,
    reportedBytes: 0,
    hints: 0,
    hintedBytes: 0,
    statistics: 0,
    errors: 0,
  };
}
