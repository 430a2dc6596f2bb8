/** What the console device counts, since the start. */
export interface ConsoleCounters {
  bytesFromGuest: number;
  bytesToGuest: number;
  controlMessages: number;
  /** Control messages that are too short, or about a port that does not exist. */
  badControlMessages: number;
  [name: string]: number;
}

export function newCounters(): ConsoleCounters {
  return { bytesFromGuest: 0, bytesToGuest: 0, controlMessages: 0, badControlMessages: 0 };
}
