/** What the control thread counts itself, from the process's first line to its end. Plain data, so that it crosses an exec. */

/** Requests of one kind. */
export interface ApiCount {
  requests: number;
  failures: number;
}

/** Durations of the last time, in microseconds; 0 before the first. As the API's client and as the machine sees them. */
export interface Latencies {
  pauseRequest: number;
  resumeRequest: number;
  pause: number;
  resume: number;
}

export interface Counts {
  /** By method and resource, as the API's routes are called: `PUT drives`. Only of those that exist. */
  readonly api: Record<string, ApiCount>;
  /** Requests that no route takes. */
  unknownRequests: number;
  /** Requests that used what is on its way out. */
  deprecatedRequests: number;
  readonly latencies: Latencies;
  readonly log: LogCounts;
  /** What the guest printed and its output did not take, or was not to have. */
  readonly lostConsoleBytes: { limited: number; missed: number };
  /** Lines of metrics that their target did not take. */
  missedMetrics: number;
  /** Signals that ended or were to end the machine, by their number. */
  readonly signals: Record<string, number>;
  /** Mistakes of volt's own that ended the machine. */
  panics: number;
  /** How long the process and its parents had run, and computed, when the API answered, in microseconds; 0 where nobody said. */
  readonly startUp: { wallUs: number; cpuUs: number };
}

export interface LogCounts {
  /** Lines that the log's target did not take. */
  missed: number;
  /** Lines that were left out because there were too many like them. */
  limited: number;
}

export function newCounts(): Counts {
  return {
    api: {},
    unknownRequests: 0,
    deprecatedRequests: 0,
    latencies: { pauseRequest: 0, resumeRequest: 0, pause: 0, resume: 0 },
    log: { missed: 0, limited: 0 },
    lostConsoleBytes: { limited: 0, missed: 0 },
    missedMetrics: 0,
    signals: {},
    panics: 0,
    startUp: { wallUs: 0, cpuUs: 0 },
  };
}

/** A request was answered. @param route its name among the routes; undefined for what none of them takes */
export function countRequest(counts: Counts, route: string | undefined, hasFailed: boolean): void {
  if (route === undefined) {
    counts.unknownRequests++;
    return;
  }
  counts.api[route] ??= { requests: 0, failures: 0 };
  counts.api[route].requests++;
  if (hasFailed) counts.api[route].failures++;
}
