/** What the console device counts, since the start. */
export interface ConsoleCounters {
  /** Both ways. */
  bytes: number;
  controlMessages: number;
  /** Control messages that are too short, or about a port that does not exist. */
  errors: number;
  [name: string]: number;
}

export function newCounters(): ConsoleCounters {
  return { bytes: 0, controlMessages: 0, errors: 0 };
}
